// Rotation and codes against plain float64 arithmetic.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "quant/code.h"
#include "quant/rotation.h"
#include "rows.h"
#include "simd/kernels.h"

namespace skalar {
namespace {

const size_t kDimensions[] = {1, 2, 3, 5, 64, 65, 100, 128, 300, 512, 768, 1000, 1536, 4096};

double Dot(const Floats& a, const Floats& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Floats Rotated(const Rotation& rotation, Floats vector) {
  vector.resize(rotation.dimension());
  rotation.Apply(vector.data());
  return vector;
}

Floats Unit(Floats vector) {
  const double norm = std::sqrt(Dot(vector, vector));
  for (float& component : vector) component = static_cast<float>(component / norm);
  return vector;
}

TEST(RotationTest, KeepsDotProducts) {
  Random random(1);
  for (const size_t n : kDimensions) {
    const Rotation rotation(n);
    const Floats a = random.Vector(n);
    const Floats b = random.Vector(n);
    const double tolerance = 1e-5 * std::sqrt(Dot(a, a) * Dot(b, b));
    EXPECT_NEAR(Dot(Rotated(rotation, a), Rotated(rotation, b)), Dot(a, b), tolerance) << n;
  }
}

TEST(RotationTest, SpreadsASingleComponentOverAll) {
  for (const size_t n : {64, 128, 192, 512, 768, 960, 1536, 4096}) {
    const Rotation rotation(n);
    for (const size_t place : {size_t{0}, n / 2, n - 1}) {
      Floats axis(n);
      axis[place] = 1;
      for (const float component : Rotated(rotation, axis)) {
        EXPECT_LE(std::abs(component), 6 / std::sqrt(static_cast<float>(n))) << n;
      }
    }
  }
}

TEST(RotationTest, IsTheSameForTheSameDimension) {
  Floats a(100, 1);
  Floats b(100, 1);
  Rotation(100).Apply(a.data());
  Rotation(100).Apply(b.data());
  EXPECT_EQ(a, b);
}

CodeQuery NewQuery(size_t n) {
  CodeQuery query;
  query.bytes = AllocateAligned<int8_t>(n);
  return query;
}

double Product(const CodeQuery& query, const std::vector<uint8_t>& code) {
  const uint8_t* row = code.data();
  int32_t product;
  simd::Active().dot_codes(query.bytes.get(), &row, 1, code.size(), &product);
  return product - query.offset;
}

// What tests of codes need at one dimension.
struct Coder {
  explicit Coder(size_t dimension)
      : n(CodeBytes(dimension)), rotation(n), code(n), query(NewQuery(n)) {}

  // The product of a rotated vector and a rotated query, by their codes.
  double Product(const Floats& x, const Floats& q) {
    scale = Encode(x.data(), n, code.data());
    EncodeQuery(q.data(), n, &query);
    return scale * query.scale * skalar::Product(query, code);
  }

  const size_t n;
  const Rotation rotation;
  std::vector<uint8_t> code;
  CodeQuery query;
  float scale = 0;
};

// The error of a product is random: its size follows from the steps of both.
TEST(CodeTest, ProductsAreAboutThoseOfTheVectors) {
  Random random(2);
  for (const size_t dimension : kDimensions) {
    Coder coder(dimension);
    for (int i = 0; i < 50; ++i) {
      const Floats x = Unit(random.Vector(dimension));
      const Floats q = Unit(random.Vector(dimension));
      const double error =
          coder.Product(Rotated(coder.rotation, x), Rotated(coder.rotation, q)) - Dot(x, q);
      const double steps = coder.scale * coder.scale + coder.query.scale * coder.query.scale;
      const double sigma = std::sqrt(steps / 12);
      EXPECT_LE(std::abs(error), 6 * sigma) << dimension;
    }
  }
}

// |x·q − x̃·q̃| <= |x − x̃||q| + |x||q − q̃|: with the errors as they are told, none is ever missed.
TEST(CodeTest, ErrorsBoundTheProducts) {
  Random random(5);
  for (const size_t dimension : kDimensions) {
    Coder coder(dimension);
    for (int i = 0; i < 50; ++i) {
      const Floats x = Rotated(coder.rotation, Unit(random.Vector(dimension)));
      // Much like x, where the bound is nearly reached.
      Floats q = x;
      for (float& component : q) component += 0.01f * random.Uniform();
      const double error = coder.Product(x, q) - Dot(x, q);
      const float code_error = CodeError(x.data(), coder.n, coder.code.data(), coder.scale);
      const float query_error = QueryError(q.data(), coder.n, coder.query);
      const double bound = code_error * std::sqrt(Dot(q, q)) + query_error * std::sqrt(Dot(x, x));
      EXPECT_LE(std::abs(error), bound + 1e-6) << dimension;
      EXPECT_LE(bound, 0.05) << dimension;
    }
  }
}

TEST(CodeTest, StaysWithinSevenBits) {
  Random random(3);
  std::vector<uint8_t> code(128);
  for (int i = 0; i < 100; ++i) {
    Encode(random.Vector(128, i % 2 ? 1e-30f : 1e30f).data(), 128, code.data());
    for (const uint8_t byte : code) {
      EXPECT_GE(byte, 1);
      EXPECT_LE(byte, 127);
    }
  }
}

TEST(CodeTest, AZeroVectorHasNoLength) {
  const Floats zero(64);
  std::vector<uint8_t> code(64);
  EXPECT_EQ(Encode(zero.data(), 64, code.data()), 0);
  CodeQuery query = NewQuery(64);
  EncodeQuery(zero.data(), 64, &query);
  EXPECT_EQ(query.scale, 0);
  EXPECT_EQ(Product(query, code), 0);
}

TEST(CodeTest, ACodeTakenAsAQueryStandsForTheSame) {
  Random random(4);
  const Floats x = Unit(random.Vector(192));
  const Floats y = Unit(random.Vector(192));
  std::vector<uint8_t> code_x(192);
  std::vector<uint8_t> code_y(192);
  const float scale_x = Encode(x.data(), 192, code_x.data());
  const float scale_y = Encode(y.data(), 192, code_y.data());
  CodeQuery query = NewQuery(192);
  QueryOfCode(code_x.data(), 192, &query);
  EXPECT_NEAR(scale_x * scale_y * Product(query, code_y), Dot(x, y), 0.02);
  QueryOfCode(code_y.data(), 192, &query);
  EXPECT_NEAR(scale_x * scale_y * Product(query, code_x), Dot(x, y), 0.02);
}

}  // namespace
}  // namespace skalar
