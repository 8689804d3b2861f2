// Rows in the space where a Mahalanobis distance is Euclidean, and what float32 dot products there
// tell of it.
//
// With P = S C S and C = L Lᵀ + E (score/precision.h), a vector x has the image y = Lᵀ T (x − c),
// where c is a center among the rows, and T = S / 2^g has a power of two that takes T (x − c) near
// length 1. With q's image ŷ, Lᵀ T (x − q) = y − ŷ: so the distance is about 2^g |y − ŷ|. The
// center is there for rows that lie far from the origin and near each other: errors are relative
// to |y|.
//
// The bound. Let n be the dimension, u = 2^-53, r(x) = |T (x − c)|, R the largest r of all rows
// that have an image, and z = T (x − q), so that |z| ≤ R + r(q). C has at most 4 on its diagonal,
// so that (Σ |zᵢ| √cᵢᵢ)² ≤ 4 n |z|², and ‖L‖ ≤ 2 √n by Frobenius' norm.
//
//   (1) |E| ≤ 1.01 (n + 1) u |L||Lᵀ| (N. J. Higham, "Accuracy and stability of numerical
//       algorithms", 2nd edition, theorem 10.3), and (|L||Lᵀ|)ᵢⱼ ≤ 1.01 √(cᵢᵢ cⱼⱼ): so
//       |zᵀ E z| ≤ 1.03 (n + 1) u · 4 n |z|².
//   (2) A score is off by u_s of its terms (Precision::ScoreError), the square of a distance by
//       u_s · 4 n |z|².
//   (3) An image is computed in float64: T (x − c) is off by 2u of itself, and the product by
//       k = kDepth + n / kDepth + 1 roundings of |L|ᵀ|T (x − c)|: in all at most
//       (k + 2) u · 2 √n r(x). That of the query has the like.
//   (4) It is rounded to float32: by 2^-24 |y|, and what is too small for float32 by much less
//       than 2^-100, all in all.
//   (5) |y − ŷ|² comes of a dot product with ŷ / |ŷ| and of lengths, as in Scorer::Bound.
//
// So the square of the score, over 4^g, is within (1) + (2) of the square of a number that is
// within (3) + (4) of a number that (5) gives an interval of.

#ifndef SKALAR_SCORE_WHITENED_H_
#define SKALAR_SCORE_WHITENED_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "score/precision.h"
#include "score/scorer.h"
#include "store/vector_store.h"

namespace skalar {

// How vectors get their images. Immutable.
class Frame {
 public:
  // Vectors with a larger r than this have no image: float32 might not hold it. r is about 1 of the
  // rows that a frame is made of.
  static constexpr double kFarthest = 0x1p60;

  // A center and a unit as those of another frame by this matrix.
  Frame(std::shared_ptr<const Precision> precision, std::vector<double> center, int exponent);

  // Of rows: the first kRows of `slots`, in whose middle the center is.
  static constexpr size_t kRows = 64;
  static std::shared_ptr<const Frame> Of(std::shared_ptr<const Precision> precision,
                                         const VectorStore::View& view, const uint32_t* slots,
                                         size_t count);

  const Precision& precision() const { return *precision_; }
  size_t dimension() const { return center_.size(); }
  const std::vector<double>& center() const { return center_; }
  // g, and 2^g.
  int exponent() const { return exponent_; }
  double unit() const { return unit_; }

  // Writes T (x − c) of the vector x = scale · row; returns its length.
  double Place(const float* row, double scale, double* placed) const;

 private:
  std::shared_ptr<const Precision> precision_;
  int exponent_;
  std::vector<double> center_;
  // Their products are the diagonal of T, which alone may be beyond float64.
  std::vector<double> first_;
  std::vector<double> second_;
  double unit_ = 1;
};

// Writes the images of `count` rows as a store takes them (store/row.h), but for ordinals and
// checksums, RowBytes(dimension) each, and at last r of each; infinite where a row has no image,
// which is zeros then.
void WriteImages(const Frame& frame, const VectorStore::View& view, const uint32_t* slots,
                 size_t count, uint8_t* images, double* distances);

// So many rows are whitened together: more would not fit the second-level cache.
inline constexpr size_t kImagesAtOnce = 112;

// Where a query lies among images.
struct Aim {
  // The image of a vector, in a frame; directions have `stride` floats.
  Aim(const Frame& frame, const float* vector, size_t stride);

  // r. The rest is nothing where it is above Frame::kFarthest.
  double distance;
  // |ŷ|.
  double norm = 0;
  // ŷ as a unit vector, padded; zeros where it has no direction.
  std::vector<float> direction;
};

// The images that there are at one moment.
struct Whitened {
  std::shared_ptr<const Precision> precision;
  // Null while no row has an image.
  std::shared_ptr<const Frame> frame;
  VectorStore::View images;
  // Bit i: slot i has an image. Only these may be read: `images` shows later ones too.
  std::shared_ptr<const std::vector<uint64_t>> known;
  // R.
  double reach = 0;

  bool Knows(uint32_t slot) const {
    return slot / 64 < known->size() && ((*known)[slot / 64] >> (slot % 64) & 1) != 0;
  }
};

// What there is before any row has an image: enough to score exactly.
inline std::shared_ptr<const Whitened> WithoutImages(std::shared_ptr<const Precision> precision) {
  return std::make_shared<const Whitened>(
      Whitened{std::move(precision), nullptr, {}, std::make_shared<std::vector<uint64_t>>()});
}

// One query among images.
class WhitenedQuery {
 public:
  // Of rows that have no image: the score may be any.
  static constexpr RankInterval kAny = {-std::numeric_limits<double>::infinity(), 0};

  // Not usable.
  WhitenedQuery() = default;
  // `query` is a padded vector.
  WhitenedQuery(const Whitened& whitened, const float* query);

  // Whether Bound() may be asked. Not of a query that is too far from all rows.
  bool usable() const { return !direction_.empty(); }

  // ŷ as a unit vector, padded; zeros where it has no direction.
  const float* direction() const { return direction_.data(); }

  // The interval that surely holds the rank, the negated score, from the float32 dot product of the
  // image of a row, as it is stored, with the direction, and its length.
  RankInterval Bound(float dot, double norm) const;

 private:
  std::vector<float> direction_;
  double unit_ = 1;
  double norm_ = 0;            // |ŷ|
  double dot_error_ = 0;       // as in Scorer
  double image_error_ = 0;     // (3)
  double distance_error_ = 0;  // (1) and (2), of a square
};

}  // namespace skalar

#endif  // SKALAR_SCORE_WHITENED_H_
