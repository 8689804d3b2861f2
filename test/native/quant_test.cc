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

// Both planes of a rotated vector.
struct Code {
  explicit Code(const Floats& vector)
      : upper(PlaneBytes(vector.size())),
        lower(upper.size()),
        scales(Encode(vector.data(), vector.size(), upper.data(), lower.data())),
        errors(CodeErrors(vector.data(), vector.size(), upper.data(), lower.data(), scales)) {}

  std::vector<uint8_t> upper;
  std::vector<uint8_t> lower;
  CodePair scales;
  CodePair errors;
};

// What a query and a code come to, by either way to read the code.
CodePair Product(const CodeQuery& query, const Code& code) {
  const uint8_t* planes[] = {code.upper.data(), code.lower.data()};
  int32_t products[2];
  simd::Active().dot_planes(query.bytes.get(), planes, 2, 2 * code.upper.size(), products);
  return {code.scales.both * query.scale * static_cast<float>(query.Both(products[0], products[1])),
          code.scales.upper * query.scale * static_cast<float>(query.Upper(products[0]))};
}

CodeQuery QueryFor(const Floats& vector) {
  CodeQuery query = NewQuery(vector.size());
  EncodeQuery(vector.data(), vector.size(), &query);
  return query;
}

// The error of a product is random, since the rotation is: far from what both errors allow.
TEST(CodeTest, ProductsAreAboutThoseOfTheVectors) {
  Random random(2);
  for (const size_t dimension : kDimensions) {
    const Rotation rotation(Components(dimension));
    for (int i = 0; i < 50; ++i) {
      const Floats x = Unit(random.Vector(dimension));
      const Floats q = Unit(random.Vector(dimension));
      const Floats rotated = Rotated(rotation, q);
      const CodeQuery query = QueryFor(rotated);
      const Code code(Rotated(rotation, x));
      const CodePair product = Product(query, code);
      const double query_error = QueryError(rotated.data(), rotated.size(), query);
      const double root = std::sqrt(static_cast<double>(rotated.size()));
      const double both = std::hypot(code.errors.both, query_error) / root;
      const double upper = std::hypot(code.errors.upper, query_error) / root;
      EXPECT_LE(std::abs(product.both - Dot(x, q)), 5 * both) << dimension;
      EXPECT_LE(std::abs(product.upper - Dot(x, q)), 5 * upper) << dimension;
    }
  }
}

// |x·q − x̃·q̃| <= |x − x̃||q| + |x||q − q̃|: with the errors as they are told, none is ever missed.
TEST(CodeTest, ErrorsBoundTheProducts) {
  Random random(5);
  for (const size_t dimension : kDimensions) {
    const Rotation rotation(Components(dimension));
    for (int i = 0; i < 50; ++i) {
      const Floats x = Rotated(rotation, Unit(random.Vector(dimension)));
      // Much like x, where the bound is nearly reached.
      Floats q = x;
      for (float& component : q) component += 0.01f * random.Uniform();
      const CodeQuery query = QueryFor(q);
      const Code code(x);
      const CodePair product = Product(query, code);
      const double query_error = QueryError(q.data(), q.size(), query) * std::sqrt(Dot(x, x));
      const double length = std::sqrt(Dot(q, q));
      EXPECT_LE(std::abs(product.both - Dot(x, q)), code.errors.both * length + query_error + 1e-6);
      EXPECT_LE(std::abs(product.upper - Dot(x, q)),
                code.errors.upper * length + query_error + 1e-6);
    }
  }
}

// What the bounds are worth: a 127th, and an eighth, of three standard deviations a step.
TEST(CodeTest, ErrorsAreSmall) {
  Random random(6);
  for (const size_t dimension : kDimensions) {
    const Rotation rotation(Components(dimension));
    for (int i = 0; i < 20; ++i) {
      const Code code(Rotated(rotation, Unit(random.Vector(dimension))));
      EXPECT_LE(code.errors.both, 0.08) << dimension;
      EXPECT_LE(code.errors.upper, 0.15) << dimension;
      EXPECT_LT(code.errors.both, code.errors.upper) << dimension;
    }
  }
}

TEST(CodeTest, HoldsVectorsOfEveryLength) {
  Random random(3);
  const Floats direction = Unit(random.Vector(128));
  const Code unit(direction);
  for (const float length : {1e-30f, 1e-3f, 1e3f, 1e30f}) {
    Floats vector = direction;
    for (float& component : vector) component *= length;
    const Code code(vector);
    EXPECT_NEAR(code.scales.both / length, unit.scales.both, 1e-4 * unit.scales.both) << length;
    EXPECT_NEAR(code.errors.upper / length, unit.errors.upper, 1e-2 * unit.errors.upper) << length;
  }
}

TEST(CodeTest, AZeroVectorHasNoLength) {
  const Floats zero(128);
  const Code code(zero);
  EXPECT_EQ(code.scales.both, 0);
  EXPECT_EQ(code.scales.upper, 0);
  EXPECT_EQ(code.errors.both, 0);
  EXPECT_EQ(code.errors.upper, 0);
  const CodeQuery query = QueryFor(zero);
  EXPECT_EQ(query.scale, 0);
  EXPECT_EQ(Product(query, code).both, 0);
  EXPECT_EQ(Product(query, code).upper, 0);
}

TEST(CodeTest, ACodeTakenAsAQueryStandsForTheSame) {
  Random random(4);
  const Floats x = Unit(random.Vector(256));
  const Floats y = Unit(random.Vector(256));
  const Code code_x(x);
  const Code code_y(y);
  CodeQuery query = NewQuery(256);
  QueryOfCode(code_x.upper.data(), code_x.lower.data(), 256, &query);
  const float product = code_x.scales.both * Product(query, code_y).both;
  EXPECT_NEAR(product, Dot(x, y), 0.02);
  QueryOfCode(code_y.upper.data(), code_y.lower.data(), 256, &query);
  // In the part of the query either is the same.
  EXPECT_NEAR(code_y.scales.both * Product(query, code_x).both, product, 1e-6);
}

}  // namespace
}  // namespace skalar
