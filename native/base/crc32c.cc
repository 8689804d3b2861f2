#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__) || defined(_M_X64)
#define SKALAR_CRC_X86
#include <nmmintrin.h>
#if defined(_MSC_VER)
#include <intrin.h>
#endif
#elif defined(__aarch64__) && !defined(_MSC_VER)
#define SKALAR_CRC_ARM
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#endif

namespace skalar {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected

// By the byte that leaves, what it does to the others.
constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

#if defined(SKALAR_CRC_X86)

bool HasInstruction() {
#if defined(_MSC_VER)
  int registers[4];
  __cpuid(registers, 1);
  return (registers[2] >> 20 & 1) != 0;
#else
  return __builtin_cpu_supports("sse4.2") != 0;
#endif
}

#if !defined(_MSC_VER)
__attribute__((target("sse4.2")))
#endif
uint32_t
ByInstruction(const uint8_t* data, size_t bytes, uint32_t before) {
  uint64_t crc = ~before;
  for (; bytes >= 8; data += 8, bytes -= 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto rest = static_cast<uint32_t>(crc);
  for (; bytes > 0; ++data, --bytes) rest = _mm_crc32_u8(rest, *data);
  return ~rest;
}

#elif defined(SKALAR_CRC_ARM)

bool HasInstruction() {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#elif defined(__APPLE__)
  return true;
#else
  return false;
#endif
}

// In assembly: the intrinsics are only declared where the whole file may use the instruction.
uint32_t ByInstruction(const uint8_t* data, size_t bytes, uint32_t before) {
  uint32_t crc = ~before;
  for (; bytes >= 8; data += 8, bytes -= 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof word);
    __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  }
  for (; bytes > 0; ++data, --bytes) {
    __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(uint32_t{*data}));
  }
  return ~crc;
}

#else

bool HasInstruction() { return false; }

constexpr auto ByInstruction = Crc32cByTable;

#endif

}  // namespace

uint32_t Crc32cByTable(const uint8_t* data, size_t bytes, uint32_t before) {
  uint32_t crc = ~before;
  for (size_t i = 0; i < bytes; ++i) crc = crc >> 8 ^ kTable[(crc ^ data[i]) & 0xff];
  return ~crc;
}

uint32_t Crc32c(const uint8_t* data, size_t bytes, uint32_t before) {
  static const auto chosen = HasInstruction() ? ByInstruction : Crc32cByTable;
  return chosen(data, bytes, before);
}

}  // namespace skalar
