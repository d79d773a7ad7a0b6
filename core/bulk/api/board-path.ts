/** Where the pages of the queues are. */
export const boardPath = "/admin/queues";
