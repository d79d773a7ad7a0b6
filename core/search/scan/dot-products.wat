;; Dot products of one query with many vectors of 8-bit codes, four vectors and 16 dimensions at a time.
;; `npm run build:wasm` writes it to dot-products-wasm.ts.
(module
  (import "scan" "memory" (memory 1))

  ;; $query: 16-bit codes. $codes: $count vectors of $stride bytes one after another; $count is a multiple of 4 and
  ;; $stride of 16. $out: one 32-bit number per vector. Sums may not overflow: the caller bounds the query's codes.
  (func (export "dotProducts")
    (param $query i32) (param $codes i32) (param $count i32) (param $stride i32) (param $out i32)
    (local $q i32) (local $end i32)
    (local $p1 i32) (local $p2 i32) (local $p3 i32) (local $p4 i32)
    (local $low v128) (local $high v128)
    (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $s4 v128)
    (local.set $end (i32.add (local.get $query) (i32.shl (local.get $stride) (i32.const 1))))
    (block $done
      (loop $vectors
        (br_if $done (i32.le_s (local.get $count) (i32.const 0)))
        (local.set $s1 (v128.const i32x4 0 0 0 0))
        (local.set $s2 (v128.const i32x4 0 0 0 0))
        (local.set $s3 (v128.const i32x4 0 0 0 0))
        (local.set $s4 (v128.const i32x4 0 0 0 0))
        (local.set $q (local.get $query))
        (local.set $p1 (local.get $codes))
        (local.set $p2 (i32.add (local.get $p1) (local.get $stride)))
        (local.set $p3 (i32.add (local.get $p2) (local.get $stride)))
        (local.set $p4 (i32.add (local.get $p3) (local.get $stride)))
        (loop $dimensions
          (local.set $low (v128.load (local.get $q)))
          (local.set $high (v128.load offset=16 (local.get $q)))
          (local.set $s1 (i32x4.add (local.get $s1)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $p1)) (local.get $low))))
          (local.set $s2 (i32x4.add (local.get $s2)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $p2)) (local.get $low))))
          (local.set $s3 (i32x4.add (local.get $s3)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $p3)) (local.get $low))))
          (local.set $s4 (i32x4.add (local.get $s4)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $p4)) (local.get $low))))
          (local.set $s1 (i32x4.add (local.get $s1)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $p1)) (local.get $high))))
          (local.set $s2 (i32x4.add (local.get $s2)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $p2)) (local.get $high))))
          (local.set $s3 (i32x4.add (local.get $s3)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $p3)) (local.get $high))))
          (local.set $s4 (i32x4.add (local.get $s4)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $p4)) (local.get $high))))
          (local.set $p1 (i32.add (local.get $p1) (i32.const 16)))
          (local.set $p2 (i32.add (local.get $p2) (i32.const 16)))
          (local.set $p3 (i32.add (local.get $p3) (i32.const 16)))
          (local.set $p4 (i32.add (local.get $p4) (i32.const 16)))
          (local.set $q (i32.add (local.get $q) (i32.const 32)))
          (br_if $dimensions (i32.lt_u (local.get $q) (local.get $end))))
        ;; The four lanes of each sum become one number; the four numbers one store.
        (local.set $low (i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 8 9 10 11 24 25 26 27 (local.get $s1) (local.get $s2))
          (i8x16.shuffle 4 5 6 7 20 21 22 23 12 13 14 15 28 29 30 31 (local.get $s1) (local.get $s2))))
        (local.set $high (i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 8 9 10 11 24 25 26 27 (local.get $s3) (local.get $s4))
          (i8x16.shuffle 4 5 6 7 20 21 22 23 12 13 14 15 28 29 30 31 (local.get $s3) (local.get $s4))))
        (v128.store (local.get $out) (i32x4.add
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low) (local.get $high))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low) (local.get $high))))
        (local.set $codes (local.get $p4))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 4)))
        (br $vectors)))))
