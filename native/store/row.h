// The vector row: how one version of one vector stands in LMDB and crosses into native code.
//
//   offset  size  field
//   0       4     ordinal of the record, u32
//   4       4     CRC-32C of all other bytes of the row, u32
//   8       8     length |x|, f64
//   16      4·d   the vector x · 2^−e, f32 × dimension, with e = ⌊log2 |x|⌋ (0 for a zero vector)
//
// So the row's vector has a length in [1, 2). Scaling by a power of two is exact, and what is read
// is what was written, bit for bit, but for components that are subnormal once they are scaled:
// those below 2⁻¹²⁵ of the length.
//
// Little-endian, as every platform we build for. Never to change: rows are on disk
// (docs/format.md).

#ifndef SKALAR_STORE_ROW_H_
#define SKALAR_STORE_ROW_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace skalar {

inline constexpr size_t kRowHeaderBytes = 16;

inline constexpr size_t RowBytes(size_t dimension) { return kRowHeaderBytes + 4 * dimension; }

struct RowHeader {
  uint32_t ordinal;
  uint32_t crc;
  double norm;
};
static_assert(sizeof(RowHeader) == kRowHeaderBytes);

// The power of two that turns a row's vector into the one that was written: 2^e; 0 for a zero
// vector.
inline double ScaleOf(double norm) {
  constexpr uint64_t kExponent = 0x7ff0'0000'0000'0000;
  return std::bit_cast<double>(std::bit_cast<uint64_t>(norm) & kExponent);
}

// The length of a row's vector: |x| · 2^−e, in [1, 2); 1 for a zero vector, by which may be
// divided.
inline double ScaledNorm(double norm) {
  constexpr uint64_t kFraction = 0x000f'ffff'ffff'ffff;
  return std::bit_cast<double>((std::bit_cast<uint64_t>(norm) & kFraction) |
                               std::bit_cast<uint64_t>(1.0));
}

// Length of a vector once padded with zeros to whole kernel lanes.
size_t PaddedDimension(size_t dimension);

// The squared length of a padded vector, in float64.
double SquaredNorm(const float* padded, size_t padded_dimension);

// The first of `count` vectors, one behind the other, that has a component that is not finite (or,
// where `refuse_zero`, no direction); `count` when all are good.
size_t FirstBadVector(const float* vectors, size_t count, size_t dimension, bool refuse_zero);

// Turns `count` rows that carry raw vectors into rows that carry their lengths and scaled vectors,
// in place. Stops at the first row that has a component that is not finite (or, where
// `refuse_zero`, no direction) and returns its index; `count` when all are good. Rows need no
// alignment.
size_t NormalizeRows(uint8_t* rows, size_t count, size_t dimension, bool refuse_zero);

// Writes the vector of a row as a unit vector (zeros for a zero vector); returns its length. Rows
// need no alignment.
double ReadDirection(const uint8_t* row, size_t dimension, float* direction);

// Rows of all kinds have their checksum at offset 4; it is of all other bytes. Requires: bytes
// >= 8.
void SealRow(uint8_t* row, size_t bytes);
bool IsIntact(const uint8_t* row, size_t bytes);

// The first of `count` rows of `bytes` each whose checksum is wrong; `count` when all are intact.
size_t FirstDamagedRow(const uint8_t* rows, size_t count, size_t bytes);

}  // namespace skalar

#endif  // SKALAR_STORE_ROW_H_
