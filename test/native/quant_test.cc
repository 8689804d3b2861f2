// Rotation and codes against plain float64 arithmetic.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "quant/code.h"
#include "quant/rotation.h"
#include "rows.h"

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

CodeFormat Planes(size_t dimension, Codes codes = Codes::kInt8) { return {codes, dimension}; }

Floats Prepared(const CodeFormat& format, const Floats& vector) {
  Floats prepared(format.components());
  std::copy(vector.begin(), vector.end(), prepared.begin());
  format.Prepare(prepared.data());
  return prepared;
}

// The code of a prepared vector.
struct Code {
  Code(const CodeFormat& format, const Floats& prepared)
      : bytes(format.code_bytes()),
        lower(format.lower_bytes()),
        numbers(Encode(format, prepared.data(), bytes.data(), lower.data())) {}

  std::vector<uint8_t> bytes;
  std::vector<uint8_t> lower;
  CodeNumbers numbers;
};

// What a query and a code come to: all there is of it, and what walks read alone.
CodePair Product(const CodeQuery& query, const Code& code) {
  const uint8_t* bytes = code.bytes.data();
  const uint8_t* lower = code.lower.data();
  CodePair products;
  query.MultiplyWhole(&bytes, &lower, 1, &products.whole);
  query.Multiply(&bytes, 1, &products.code);
  const CodePair& scales = code.numbers.scales;
  return {scales.whole * query.scale() * products.whole,
          scales.code * query.scale() * products.code};
}

CodeQuery QueryFor(const CodeFormat& format, const Floats& prepared) {
  CodeQuery query(format);
  query.SetVector(prepared.data());
  return query;
}

// The error of a product is random, since the rotation is: far from what both errors allow.
TEST(CodeTest, ProductsAreAboutThoseOfTheVectors) {
  Random random(2);
  for (const size_t dimension : kDimensions) {
    const CodeFormat format = Planes(dimension);
    for (int i = 0; i < 50; ++i) {
      const Floats x = Unit(random.Vector(dimension));
      const Floats q = Unit(random.Vector(dimension));
      const Floats prepared = Prepared(format, q);
      const CodeQuery query = QueryFor(format, prepared);
      const Code code(format, Prepared(format, x));
      const CodePair product = Product(query, code);
      const CodePair& errors = code.numbers.errors;
      const double query_error = query.Error(prepared.data());
      const double root = std::sqrt(static_cast<double>(prepared.size()));
      const double whole = std::hypot(errors.whole, query_error) / root;
      const double alone = std::hypot(errors.code, query_error) / root;
      EXPECT_LE(std::abs(product.whole - Dot(x, q)), 5 * whole) << dimension;
      EXPECT_LE(std::abs(product.code - Dot(x, q)), 5 * alone) << dimension;
    }
  }
}

// |x·q − x̃·q̃| <= |x − x̃||q| + |x||q − q̃|: with the errors as they are told, none is ever missed.
TEST(CodeTest, ErrorsBoundTheProducts) {
  Random random(5);
  for (const size_t dimension : kDimensions) {
    const CodeFormat format = Planes(dimension);
    for (int i = 0; i < 50; ++i) {
      const Floats x = Prepared(format, Unit(random.Vector(dimension)));
      // Much like x, where the bound is nearly reached.
      Floats q = x;
      for (float& component : q) component += 0.01f * random.Uniform();
      const CodeQuery query = QueryFor(format, q);
      const Code code(format, x);
      const CodePair product = Product(query, code);
      const CodePair& errors = code.numbers.errors;
      const double query_error = query.Error(q.data()) * std::sqrt(Dot(x, x));
      const double length = std::sqrt(Dot(q, q));
      EXPECT_LE(std::abs(product.whole - Dot(x, q)), errors.whole * length + query_error + 1e-6);
      EXPECT_LE(std::abs(product.code - Dot(x, q)), errors.code * length + query_error + 1e-6);
    }
  }
}

// What the bounds are worth: a 127th, and an eighth, of three standard deviations a step.
TEST(CodeTest, ErrorsAreSmall) {
  Random random(6);
  for (const size_t dimension : kDimensions) {
    const CodeFormat format = Planes(dimension);
    for (int i = 0; i < 20; ++i) {
      const CodePair errors =
          Code(format, Prepared(format, Unit(random.Vector(dimension)))).numbers.errors;
      EXPECT_LE(errors.whole, 0.08) << dimension;
      EXPECT_LE(errors.code, 0.15) << dimension;
      EXPECT_LT(errors.whole, errors.code) << dimension;
    }
  }
}

TEST(CodeTest, HoldsVectorsOfEveryLength) {
  Random random(3);
  const CodeFormat format = Planes(128);
  const Floats direction = Unit(random.Vector(128));
  const auto [scales, errors] = Code(format, direction).numbers;
  for (const float length : {1e-30f, 1e-3f, 1e3f, 1e30f}) {
    Floats vector = direction;
    for (float& component : vector) component *= length;
    const CodeNumbers numbers = Code(format, vector).numbers;
    EXPECT_NEAR(numbers.scales.whole / length, scales.whole, 1e-4 * scales.whole) << length;
    EXPECT_NEAR(numbers.errors.code / length, errors.code, 1e-2 * errors.code) << length;
  }
}

TEST(CodeTest, AZeroVectorHasNoLength) {
  for (const Codes codes : {Codes::kFloat32, Codes::kInt8, Codes::kInt4}) {
    const CodeFormat format = Planes(128, codes);
    const Floats zero(128);
    const Code code(format, zero);
    EXPECT_EQ(code.numbers.scales.whole, 0);
    EXPECT_EQ(code.numbers.scales.code, 0);
    EXPECT_EQ(code.numbers.errors.whole, 0);
    EXPECT_EQ(code.numbers.errors.code, 0);
    const CodeQuery query = QueryFor(format, zero);
    EXPECT_EQ(Product(query, code).whole, 0);
    EXPECT_EQ(Product(query, code).code, 0);
  }
}

TEST(CodeTest, ACodeTakenAsAQueryStandsForTheSame) {
  Random random(4);
  const Floats x = Unit(random.Vector(256));
  const Floats y = Unit(random.Vector(256));
  for (const auto& [codes, tolerance] :
       {std::pair{Codes::kFloat32, 1e-6}, {Codes::kInt8, 0.02}, {Codes::kInt4, 0.1}}) {
    const CodeFormat format = Planes(256, codes);
    const Code code_x(format, Prepared(format, x));
    const Code code_y(format, Prepared(format, y));
    CodeQuery query(format);
    query.SetCode(code_x.bytes.data(), code_x.lower.data());
    const float product = code_x.numbers.scales.whole * Product(query, code_y).whole;
    EXPECT_NEAR(product, Dot(x, y), tolerance);
    query.SetCode(code_y.bytes.data(), code_y.lower.data());
    // In the part of the query either is the same.
    EXPECT_NEAR(code_y.numbers.scales.whole * Product(query, code_x).whole, product, 1e-6);
  }
}

TEST(CodeTest, Int4IsTheUpperPlaneOfInt8) {
  Random random(7);
  const CodeFormat int8 = Planes(300);
  const CodeFormat int4 = Planes(300, Codes::kInt4);
  const Floats vector = Unit(random.Vector(300));
  const Code both(int8, Prepared(int8, vector));
  const Code upper(int4, Prepared(int4, vector));
  EXPECT_EQ(upper.bytes, both.bytes);
  EXPECT_TRUE(upper.lower.empty());
  EXPECT_EQ(upper.numbers.scales.code, both.numbers.scales.code);
  EXPECT_EQ(upper.numbers.scales.whole, both.numbers.scales.code);
  EXPECT_EQ(upper.numbers.errors.whole, both.numbers.errors.code);
}

// As many at once as there are, whatever their number.
TEST(CodeTest, ManyProductsAreThoseOfEachAlone) {
  Random random(8);
  for (const Codes codes : {Codes::kFloat32, Codes::kInt8, Codes::kInt4}) {
    const CodeFormat format = Planes(40, codes);
    const CodeQuery query = QueryFor(format, Prepared(format, random.Vector(40)));
    std::vector<Code> all;
    for (int i = 0; i < 600; ++i) all.emplace_back(format, Prepared(format, random.Vector(40)));
    std::vector<const uint8_t*> bytes;
    std::vector<const uint8_t*> lowers;
    std::vector<uint8_t> rows;
    for (const Code& code : all) {
      bytes.push_back(code.bytes.data());
      lowers.push_back(code.lower.data());
      rows.insert(rows.end(), code.bytes.begin(), code.bytes.end());
    }
    for (const size_t count : {1, 255, 256, 257, 600}) {
      Floats alone(count), whole(count), in_rows(count);
      query.Multiply(bytes.data(), count, alone.data());
      query.MultiplyWhole(bytes.data(), lowers.data(), count, whole.data());
      if (format.planes()) query.MultiplyRows(rows.data(), count, in_rows.data());
      for (size_t i = 0; i < count; ++i) {
        float one;
        query.Multiply(&bytes[i], 1, &one);
        EXPECT_EQ(alone[i], one);
        EXPECT_EQ(format.planes() ? in_rows[i] : one, one);
        query.MultiplyWhole(&bytes[i], &lowers[i], 1, &one);
        EXPECT_EQ(whole[i], one);
      }
    }
  }
}

}  // namespace
}  // namespace skalar
