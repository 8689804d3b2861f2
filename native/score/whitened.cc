#include "score/whitened.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>

#include "score/similarities.h"
#include "store/row.h"

namespace skalar {
namespace {

constexpr double kUnit = 0x1p-53;

// More takes any component of a float32 vector out of float64.
constexpr int kMostExponent = 2000;

// Underflow on the way to float32; see (4).
constexpr double kTiny = 0x1p-100;

int LargestExponent(const double* vector, const std::vector<int32_t>& exponents) {
  int most = INT_MIN;
  for (size_t i = 0; i < exponents.size(); ++i) {
    if (vector[i] != 0 && std::isfinite(vector[i])) {
      most = std::max(most, std::ilogb(vector[i]) + exponents[i]);
    }
  }
  return most;
}

}  // namespace

std::shared_ptr<const Frame> Frame::Of(std::shared_ptr<const Precision> precision,
                                       const VectorStore::View& view, const uint32_t* slots,
                                       size_t count) {
  count = std::min(count, kRows);
  const size_t n = precision->size();
  const std::vector<int32_t>& exponents = precision->exponents();
  std::vector<double> center(n);
  for (size_t i = 0; i < count; ++i) {
    const float* row = view.Row(slots[i]);
    const double scale = ScaleOf(view.NormOf(slots[i]));
    for (size_t k = 0; k < n; ++k) center[k] += scale * row[k] / static_cast<double>(count);
  }
  // A row that is damaged would damage all others.
  for (double& component : center) {
    if (!std::isfinite(component)) component = 0;
  }
  int most = INT_MIN;
  std::vector<double> apart(n);
  for (size_t i = 0; i < count; ++i) {
    const float* row = view.Row(slots[i]);
    const double scale = ScaleOf(view.NormOf(slots[i]));
    for (size_t k = 0; k < n; ++k) apart[k] = scale * row[k] - center[k];
    most = std::max(most, LargestExponent(apart.data(), exponents));
  }
  // Rows that are all equal tell of no scale but their own.
  if (most == INT_MIN) most = LargestExponent(center.data(), exponents);
  if (most == INT_MIN) most = *std::max_element(exponents.begin(), exponents.end());
  return std::make_shared<const Frame>(std::move(precision), std::move(center), most);
}

Frame::Frame(std::shared_ptr<const Precision> precision, std::vector<double> center, int exponent)
    : precision_(std::move(precision)),
      exponent_(exponent),
      center_(std::move(center)),
      first_(center_.size()),
      second_(center_.size()),
      unit_(std::ldexp(1.0, exponent)) {
  const std::vector<int32_t>& exponents = precision_->exponents();
  for (size_t k = 0; k < center_.size(); ++k) {
    const int power = std::clamp(exponents[k] - exponent, -kMostExponent, kMostExponent);
    first_[k] = std::ldexp(1.0, power / 2);
    second_[k] = std::ldexp(1.0, power - power / 2);
  }
}

double Frame::Place(const float* row, double scale, double* placed) const {
  double square = 0;
  for (size_t k = 0; k < center_.size(); ++k) {
    placed[k] = (scale * row[k] - center_[k]) * first_[k] * second_[k];
    square += placed[k] * placed[k];
  }
  return std::sqrt(square);
}

void WriteImages(const Frame& frame, const VectorStore::View& view, const uint32_t* slots,
                 size_t count, uint8_t* images, double* distances) {
  const size_t n = frame.dimension();
  std::vector<double> placed(count * n);
  std::vector<double> lengths(count);
  for (size_t i = 0; i < count; ++i) {
    double* vector = placed.data() + i * n;
    lengths[i] = frame.Place(view.Row(slots[i]), ScaleOf(view.NormOf(slots[i])), vector);
    if (lengths[i] <= Frame::kFarthest) continue;
    lengths[i] = std::numeric_limits<double>::infinity();
    std::fill_n(vector, n, 0);
  }
  std::vector<double> whitened;
  frame.precision().Whiten(placed.data(), count, &whitened);
  const size_t stride = frame.precision().image_stride();
  std::vector<float> image(n);
  for (size_t i = 0; i < count; ++i) {
    const double* from = whitened.data() + i * stride;
    std::transform(from, from + n, image.begin(), [](double y) { return static_cast<float>(y); });
    std::memcpy(images + i * RowBytes(n) + kRowHeaderBytes, image.data(), 4 * n);
  }
  NormalizeRows(images, count, n, false);
  std::copy(lengths.begin(), lengths.end(), distances);
}

Aim::Aim(const Frame& frame, const float* vector, size_t stride) {
  const size_t n = frame.dimension();
  std::vector<double> placed(n);
  distance = frame.Place(vector, 1, placed.data());
  if (!(distance <= Frame::kFarthest)) {
    distance = std::numeric_limits<double>::infinity();
    return;
  }
  std::vector<double> image;
  frame.precision().Whiten(placed.data(), 1, &image);
  norm = std::sqrt(Precision::SumOfProducts(image.data(), image.data(), n));
  const double inverse = norm > 0 ? 1 / norm : 0;
  direction.resize(stride);
  for (size_t k = 0; k < n; ++k) direction[k] = static_cast<float>(image[k] * inverse);
}

// The dot product's error is that of Scorer: a direction and a row rounded to float32.
WhitenedQuery::WhitenedQuery(const Whitened& whitened, const float* query) {
  if (whitened.frame == nullptr) return;
  const Frame& frame = *whitened.frame;
  const size_t n = frame.dimension();
  Aim aim(frame, query, whitened.images.stride());
  if (!(aim.distance <= Frame::kFarthest)) return;
  direction_ = std::move(aim.direction);
  unit_ = frame.unit();
  norm_ = aim.norm;

  const auto size = static_cast<double>(n);
  const auto roundings = static_cast<double>(kDepth + n / kDepth + 3);
  const double reach = whitened.reach + aim.distance;
  dot_error_ = Scorer::DotError(direction_.size());
  image_error_ = 1.01 * roundings * kUnit * 2 * std::sqrt(size) * reach + kTiny;
  distance_error_ =
      (1.03 * (size + 1) * kUnit + 1.01 * Precision::ScoreError(n)) * 4 * size * reach * reach;
}

RankInterval WhitenedQuery::Bound(float dot, double norm) const {
  // |y − ŷ|² = |y|² + |ŷ|² − 2 |y||ŷ| cos.
  const double cross = 2 * norm * norm_;
  const double squares = norm * norm + norm_ * norm_;
  const double square = squares - cross * (dot / ScaledNorm(norm));
  const double error = cross * dot_error_ + Scorer::kFloat64Slack * squares;
  const double apart = 0x1.00001p-24 * norm + image_error_;
  const double nearest = std::max(std::sqrt(std::max(square - error, 0.0)) - apart, 0.0);
  const double farthest = std::sqrt(std::max(square + error, 0.0)) + apart;
  const double low = std::sqrt(std::max(nearest * nearest - distance_error_, 0.0));
  const double high = std::sqrt(farthest * farthest + distance_error_);
  return {-high * unit_ * (1 + Scorer::kFloat64Slack), -low * unit_ * (1 - Scorer::kFloat64Slack)};
}

}  // namespace skalar
