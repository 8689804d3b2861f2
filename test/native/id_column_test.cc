#include "store/id_column.h"

#include <gtest/gtest.h>

#include <string>

namespace skalar {
namespace {

// The layout in the header, written out.
std::string IntegerId(double value) {
  uint64_t bits = std::bit_cast<uint64_t>(value);
  bits = value < 0 ? ~bits : bits ^ uint64_t { 1 } << 63;
  std::string id(1, kIntegerId);
  for (int shift = 56; shift >= 0; shift -= 8) id.push_back(static_cast<char>(bits >> shift));
  return id;
}

TEST(IdColumnTest, IdsAreFoundByOrdinalInAnyOrderOfSetting) {
  IdColumn ids;
  ids.Set(100'000, "\x02last");
  ids.Set(0, "\x02first");
  ids.Set(3, "\x02third");
  EXPECT_EQ(ids.Get(0), "\x02first");
  EXPECT_EQ(ids.Get(3), "\x02third");
  EXPECT_EQ(ids.Get(100'000), "\x02last");
}

TEST(IdColumnTest, AnOrdinalThatIsUsedAgainTakesTheNewId) {
  IdColumn ids;
  ids.Set(1, "\x02one id that is too long to be kept inside the string itself");
  ids.Set(1, "\x02b");
  EXPECT_EQ(ids.Get(1), "\x02b");
}

TEST(IdColumnTest, IdsAreCopied) {
  IdColumn ids;
  std::string id = "\x02text";
  ids.Set(0, id);
  id[1] = 'x';
  EXPECT_EQ(ids.Get(0), "\x02text");
}

TEST(IdColumnTest, IntegersComeBackFromTheBytesOfTheFormat) {
  const std::string one("\x01\xBF\xF0\0\0\0\0\0\0", 9);
  EXPECT_EQ(IntegerId(1), one);
  EXPECT_TRUE(IsInteger(one));
  EXPECT_EQ(IntegerOf(one), 1);
  for (double value :
       {0.0, -1.0, 2.0, 255.0, 256.0, -4294967296.0, 9007199254740991.0, -9007199254740991.0}) {
    EXPECT_EQ(IntegerOf(IntegerId(value)), value);
  }
}

TEST(IdColumnTest, BytesOfIntegersOrderAsTheIntegersDo) {
  const double ascending[] = {-9007199254740991.0, -256, -1, 0, 1, 255, 9007199254740991.0};
  for (size_t i = 1; i < std::size(ascending); ++i) {
    EXPECT_LT(IntegerId(ascending[i - 1]), IntegerId(ascending[i]));
  }
}

TEST(IdColumnTest, TextIsWhatFollowsTheTag) {
  EXPECT_FALSE(IsInteger("\x02ä€😀"));
  EXPECT_EQ(TextOf("\x02ä€😀"), "ä€😀");
  EXPECT_FALSE(IsInteger("\x02\x01"));
  EXPECT_EQ(TextOf("\x02\x01"), "\x01");
}

}  // namespace
}  // namespace skalar
