#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "rows.h"

namespace skalar {
namespace {

std::vector<uint8_t> BytesOf(const std::string& text) { return {text.begin(), text.end()}; }

// RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms.
TEST(Crc32cTest, HasTheValuesOfTheStandard) {
  std::vector<uint8_t> ascending(32);
  for (uint8_t i = 0; i < 32; ++i) ascending[i] = i;
  const std::pair<std::vector<uint8_t>, uint32_t> expected[] = {
      {{}, 0},
      {BytesOf("123456789"), 0xe3069283},
      {std::vector<uint8_t>(32, 0), 0x8a9136aa},
      {std::vector<uint8_t>(32, 0xff), 0x62a8ab43},
      {ascending, 0x46dd794e},
  };
  for (const auto& [bytes, crc] : expected) {
    EXPECT_EQ(Crc32c(bytes.data(), bytes.size()), crc);
    EXPECT_EQ(Crc32cByTable(bytes.data(), bytes.size()), crc);
  }
}

TEST(Crc32cTest, IsTheSameByTableAtOnceAndInParts) {
  Random random(1);
  std::vector<uint8_t> bytes(200);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Below(256));
  for (size_t begin = 0; begin < 16; ++begin) {
    for (size_t end = begin; end <= bytes.size(); ++end) {
      const uint8_t* data = bytes.data() + begin;
      const uint32_t crc = Crc32c(data, end - begin);
      ASSERT_EQ(crc, Crc32cByTable(data, end - begin));
      const size_t part = (end - begin) / 3;
      ASSERT_EQ(crc, Crc32c(data + part, end - begin - part, Crc32c(data, part)));
    }
  }
}

}  // namespace
}  // namespace skalar
