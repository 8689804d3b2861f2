#include "score/whitened.h"

#include <algorithm>
#include <climits>
#include <cmath>

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

Frame::Frame(std::shared_ptr<const Precision> precision, const float* const* rows,
             const double* scales, size_t count)
    : precision_(std::move(precision)), center_(precision_->size(), 0) {
  const size_t n = center_.size();
  const std::vector<int32_t>& exponents = precision_->exponents();
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < n; ++k) {
      center_[k] += scales[i] * rows[i][k] / static_cast<double>(count);
    }
  }
  // A row that is damaged would damage all others.
  for (double& component : center_) {
    if (!std::isfinite(component)) component = 0;
  }
  int most = INT_MIN;
  std::vector<double> apart(n);
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < n; ++k) apart[k] = scales[i] * rows[i][k] - center_[k];
    most = std::max(most, LargestExponent(apart.data(), exponents));
  }
  // Rows that are all equal tell of no scale but their own.
  if (most == INT_MIN) most = LargestExponent(center_.data(), exponents);
  if (most == INT_MIN) most = *std::max_element(exponents.begin(), exponents.end());
  unit_ = std::ldexp(1.0, most);
  first_.resize(n);
  second_.resize(n);
  for (size_t k = 0; k < n; ++k) {
    const int exponent = std::clamp(exponents[k] - most, -kMostExponent, kMostExponent);
    first_[k] = std::ldexp(1.0, exponent / 2);
    second_[k] = std::ldexp(1.0, exponent - exponent / 2);
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

// The dot product's error is that of Scorer: a direction and a row rounded to float32.
WhitenedQuery::WhitenedQuery(const Whitened& whitened, const float* query) {
  if (whitened.frame == nullptr) return;
  const Frame& frame = *whitened.frame;
  const size_t n = frame.dimension();
  std::vector<double> placed(n);
  const double length = frame.Place(query, 1, placed.data());
  if (!(length <= Frame::kFarthest)) return;
  std::vector<double> image;
  frame.precision().Whiten(placed.data(), 1, &image);
  unit_ = frame.unit();
  norm_ = std::sqrt(Precision::SumOfProducts(image.data(), image.data(), n));
  const double inverse = norm_ > 0 ? 1 / norm_ : 0;
  direction_.resize(whitened.images.stride());
  for (size_t k = 0; k < n; ++k) direction_[k] = static_cast<float>(image[k] * inverse);

  const auto size = static_cast<double>(n);
  const auto roundings = static_cast<double>(kDepth + n / kDepth + 3);
  const double reach = whitened.reach + length;
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
