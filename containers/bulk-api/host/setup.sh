#!/bin/bash
# User data of a machine of the bulk API (Amazon Linux 2023): installs and starts nginx, the API and the workers, once, at its first start.
# infra/components/bulk-machines.ts fills in `@...@`. A machine is never changed: another version is another machine.
set -euo pipefail

dnf install -y nodejs24 nginx unzip amazon-cloudwatch-agent
ln -sf /usr/bin/node-24 /usr/local/bin/node

install -d /opt/vectorkeep
install -d -m 0700 /etc/vectorkeep
install -d /var/log/vectorkeep
aws s3 cp --only-show-errors "s3://@CODE_BUCKET@/@CODE_KEY@" /opt/vectorkeep/code.zip
unzip -q -o /opt/vectorkeep/code.zip -d /opt/vectorkeep
chmod -R a+rX /opt/vectorkeep
host=/opt/vectorkeep/host

# Names of secrets, and no secret.
cat >/etc/vectorkeep/bulk-api.env <<'ENVIRONMENT'
@API_ENVIRONMENT@
ENVIRONMENT
cat >/etc/vectorkeep/bulk-worker.env <<'ENVIRONMENT'
@WORKER_ENVIRONMENT@
ENVIRONMENT

# nginx runs as a user of its own, which must read this.
install -d -m 0755 /etc/vectorkeep-nginx
sed -e 's|@RUN@|/run/vectorkeep-nginx|g' -e 's|@LISTEN@|0.0.0.0:@PORT@|g' -e 's|@API_PORT@|@OWN_PORT@|g' -e 's|@TRUSTED@|@BALANCER_RANGE@|g' \
  "$host/nginx.conf" >/etc/vectorkeep-nginx/nginx.conf

cp "$host"/*.service /etc/systemd/system/
install -d "/etc/systemd/system/bulk-worker@.service.d"
printf '[Service]\nMemoryMax=%sM\nTimeoutStopSec=%s\n' @WORKER_MEMORY_MIB@ @STOP_SECONDS@ >"/etc/systemd/system/bulk-worker@.service.d/size.conf"

cat >/etc/logrotate.d/vectorkeep <<'ROTATION'
/var/log/vectorkeep/*.log {
  size 100M
  rotate 2
  copytruncate
  missingok
}
ROTATION
cat >/etc/vectorkeep/logs.json <<'LOGS'
{"logs": {"logs_collected": {"files": {"collect_list": [
  {"file_path": "/var/log/vectorkeep/bulk.log", "log_group_name": "@LOG_GROUP@", "log_stream_name": "{instance_id}"}
]}}}}
LOGS
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:/etc/vectorkeep/logs.json

systemctl daemon-reload
systemctl enable --now bulk-log.service bulk-api.service bulk-nginx.service
for number in $(seq @WORKERS@); do
  systemctl enable --now "bulk-worker@$number.service"
done
