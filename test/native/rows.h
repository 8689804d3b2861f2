// Vectors, rows and reference scores that the tests of store and scan share.

#ifndef SKALAR_TEST_NATIVE_ROWS_H_
#define SKALAR_TEST_NATIVE_ROWS_H_

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "score/query.h"
#include "simd/kernels.h"
#include "store/row.h"
#include "store/vector_store.h"

namespace skalar {

using Floats = std::vector<float>;

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t Below(uint32_t bound) { return engine_() % bound; }
  bool OneIn(uint32_t count) { return Below(count) == 0; }
  float Uniform() { return static_cast<float>(Below(1u << 24)) * 0x1p-23f - 1.0f; }  // [-1, 1)
  Floats Vector(size_t dimension, float scale = 1) {
    Floats vector(dimension);
    for (float& component : vector) component = scale * Uniform();
    return vector;
  }

 private:
  std::mt19937 engine_;
};

inline Floats Padded(Floats vector) {
  vector.resize(PaddedDimension(vector.size()));
  return vector;
}

// A row as the store is given it (store/row.h).
struct Row {
  uint32_t ordinal;
  double norm;
  Floats scaled;

  bool operator==(const Row&) const = default;
};

inline void AppendTo(std::vector<uint8_t>* bytes, const Row& row) {
  const RowHeader header{row.ordinal, 0, row.norm};
  const size_t start = bytes->size();
  bytes->resize(start + RowBytes(row.scaled.size()));
  std::memcpy(bytes->data() + start, &header, sizeof header);
  std::memcpy(bytes->data() + start + kRowHeaderBytes, row.scaled.data(), 4 * row.scaled.size());
}

inline Row RowAt(const uint8_t* bytes, size_t dimension) {
  RowHeader header;
  std::memcpy(&header, bytes, sizeof header);
  Row row{header.ordinal, header.norm, Floats(dimension)};
  std::memcpy(row.scaled.data(), bytes + kRowHeaderBytes, 4 * dimension);
  return row;
}

// The row that a vector is stored as. Requires: its components are finite.
inline Row RowOf(const Floats& vector, uint32_t ordinal = 0) {
  std::vector<uint8_t> bytes;
  AppendTo(&bytes, {ordinal, 0, vector});
  NormalizeRows(bytes.data(), 1, vector.size(), false);
  return RowAt(bytes.data(), vector.size());
}

inline Status PutRow(VectorStore* store, uint32_t slot, const Row& row, uint64_t position = 1) {
  std::vector<uint8_t> bytes;
  AppendTo(&bytes, row);
  return store->Put(&slot, bytes.data(), 1, position);
}

// The order of additions that simd/kernels.h fixes for exact scores.
template <class Term>
double SumInLanes(size_t n, Term term) {
  double lanes[simd::kLanes] = {};
  for (size_t i = 0; i < n; ++i) lanes[i % simd::kLanes] += term(i);
  for (size_t width : {8, 4, 2, 1}) {
    for (size_t j = 0; j < width; ++j) lanes[j] += lanes[j + width];
  }
  return lanes[0];
}

inline double DotInLanes(const Floats& a, const Floats& b) {
  return SumInLanes(a.size(), [&](size_t i) { return static_cast<double>(a[i]) * b[i]; });
}

// Of queries of metric kApart.
inline constexpr double kCenter = 0.25;

// The score that every target must give a row, to the last bit.
inline double ReferenceScore(Metric metric, const Row& row, const Floats& query) {
  const auto difference = [&](size_t i) { return ScaleOf(row.norm) * row.scaled[i] - query[i]; };
  switch (metric) {
    case Metric::kEuclidean:
      return std::sqrt(
          SumInLanes(query.size(), [&](size_t i) { return difference(i) * difference(i); }));
    case Metric::kManhattan:
      return SumInLanes(query.size(), [&](size_t i) { return std::fabs(difference(i)); });
    case Metric::kChebyshev: {
      double largest = 0;
      for (size_t i = 0; i < query.size(); ++i) {
        largest = std::max(largest, std::fabs(difference(i)));
      }
      return largest;
    }
    default:
      break;
  }
  const double dot = DotInLanes(row.scaled, query);
  if (metric == Metric::kDot) return ScaleOf(row.norm) * dot;
  if (metric == Metric::kApart) return std::fabs(ScaleOf(row.norm) * dot - kCenter);
  const double squares = DotInLanes(row.scaled, row.scaled) * DotInLanes(query, query);
  return squares > 0 ? std::clamp(dot / std::sqrt(squares), -1.0, 1.0) : 0;
}

// The score of two raw vectors by the textbook.
inline long double TrueScore(Metric metric, const Floats& a, const Floats& b) {
  long double dot = 0, a2 = 0, b2 = 0, distance2 = 0, sum = 0, largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const long double x = a[i], y = b[i];
    dot += x * y;
    a2 += x * x;
    b2 += y * y;
    distance2 += (x - y) * (x - y);
    sum += std::fabs(x - y);
    largest = std::max(largest, std::fabs(x - y));
  }
  switch (metric) {
    case Metric::kEuclidean:
      return std::sqrt(distance2);
    case Metric::kManhattan:
      return sum;
    case Metric::kChebyshev:
      return largest;
    case Metric::kDot:
      return dot;
    case Metric::kApart:
      return std::fabs(dot - kCenter);
    case Metric::kMahalanobis:  // needs a matrix: whitening_test.cc
    case Metric::kCosine:
      break;
  }
  return dot / (std::sqrt(a2) * std::sqrt(b2));
}

inline double Norm(const float* padded, size_t n) { return std::sqrt(SquaredNorm(padded, n)); }

// What a score may be off by: the roundings of float64, and what a row may have lost.
inline double Tolerance(Metric metric, double row_norm, double query_norm) {
  constexpr double kRelative = 1e-12;
  if (metric == Metric::kCosine) return kRelative;
  if (metric == Metric::kDot) return kRelative * row_norm * query_norm;
  if (metric == Metric::kApart) return kRelative * (row_norm * query_norm + kCenter);
  // A sum of n components is at most √n times the length.
  const double components = metric == Metric::kManhattan ? 64 : 1;
  return kRelative * components * (row_norm + query_norm);
}

// Those that graphs are made for, and all.
inline constexpr Metric kMetrics[] = {Metric::kCosine, Metric::kDot, Metric::kEuclidean};
inline constexpr Metric kAllMetrics[] = {Metric::kCosine,    Metric::kDot,       Metric::kEuclidean,
                                         Metric::kChebyshev, Metric::kManhattan, Metric::kApart};

inline const char* NameOf(Metric metric) {
  constexpr const char* kNames[] = {"Cosine",    "Dot",       "Euclidean",
                                    "Chebyshev", "Manhattan", "Apart"};
  return kNames[static_cast<size_t>(metric)];
}

inline bool IsNearer(Metric metric, double a, double b) {
  return IsDistance(metric) ? a < b : a > b;
}

inline uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

}  // namespace skalar

#endif  // SKALAR_TEST_NATIVE_ROWS_H_
