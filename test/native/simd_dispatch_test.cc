#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "simd/kernels.h"
#include "simd/targets.h"

namespace skalar::simd {
namespace {

std::vector<std::string> AvailableNames() {
  const Kernels* targets[kMaxTargets];
  const size_t count = Available(targets, kMaxTargets);
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.emplace_back(targets[i]->name);
  return names;
}

// Runs in a child process, since the choice is made once per process: exits with 0 when forcing
// this value makes these kernels active and reports this name as unavailable (null for none).
[[noreturn]] void ExitAfterForcing(const char* value, const std::string& active,
                                   const char* unavailable) {
  setenv("SKALAR_SIMD", value, 1);
  const bool chosen = active == Active().name;
  const char* reported = ForcedButUnavailable();
  const bool told = unavailable == nullptr
                        ? reported == nullptr
                        : reported != nullptr && std::strcmp(reported, unavailable) == 0;
  std::_Exit(chosen && told ? 0 : 1);
}

TEST(SimdDispatchDeathTest, EnvironmentVariableForcesEachAvailableTarget) {
  for (const std::string& name : AvailableNames()) {
    EXPECT_EXIT(ExitAfterForcing(name.c_str(), name, nullptr), testing::ExitedWithCode(0), "")
        << name;
  }
}

TEST(SimdDispatchDeathTest, UnknownValueKeepsTheFastestTargetAndIsReported) {
  const std::string fastest = AvailableNames().front();
  EXPECT_EXIT(ExitAfterForcing("mmx", fastest, "mmx"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(ExitAfterForcing("", fastest, nullptr), testing::ExitedWithCode(0), "");
}

TEST(SimdDispatchDeathTest, ChoiceIsMadeOnce) {
  EXPECT_EXIT(
      {
        setenv("SKALAR_SIMD", "scalar", 1);
        const Kernels* first = &Active();
        setenv("SKALAR_SIMD", "mmx", 1);
        std::_Exit(first == &Active() && ForcedButUnavailable() == nullptr ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SimdDispatchTest, ScalarIsAlwaysAvailableAndLast) {
  EXPECT_EQ(AvailableNames().back(), "scalar");
}

TEST(SimdDispatchTest, NamesAreUniqueAndFound) {
  const Kernels* targets[kMaxTargets];
  const size_t count = Available(targets, kMaxTargets);
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(names.insert(targets[i]->name).second) << targets[i]->name;
    EXPECT_EQ(Find(targets[i]->name), targets[i]);
  }
}

TEST(SimdDispatchTest, UnknownNamesAreNotFound) {
  for (const char* name : {"", "mmx", "AVX2", "avx", "scalar "}) EXPECT_EQ(Find(name), nullptr);
}

TEST(SimdDispatchTest, AvailableWritesNoMoreThanAsked) {
  const Kernels* targets[kMaxTargets] = {};
  EXPECT_EQ(Available(targets, 0), 0u);
  EXPECT_EQ(targets[0], nullptr);
  EXPECT_EQ(Available(targets, 1), 1u);
  EXPECT_NE(targets[0], nullptr);
  EXPECT_EQ(targets[1], nullptr);
}

#if defined(SKALAR_SIMD_X86_64) && defined(__GNUC__)
TEST(SimdDispatchTest, DetectionAgreesWithTheCompilersRuntime) {
  EXPECT_EQ(CpuSupportsAvx512(),
            __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni"));
  EXPECT_EQ(CpuSupportsAvx2(),
            __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0);
}
#endif

#if defined(SKALAR_SIMD_AARCH64)
TEST(SimdDispatchTest, NeonIsTheFastestTarget) { EXPECT_EQ(AvailableNames().front(), "neon"); }
#endif

TEST(SimdDispatchTest, NoRequestSelectsTheFastestTarget) {
  for (const char* requested : {static_cast<const char*>(nullptr), ""}) {
    const Selection selection = Select(requested);
    EXPECT_EQ(selection.kernels->name, AvailableNames().front());
    EXPECT_STREQ(selection.unavailable, "");
  }
}

TEST(SimdDispatchTest, RequestSelectsTheNamedTarget) {
  for (const std::string& name : AvailableNames()) {
    const Selection selection = Select(name.c_str());
    EXPECT_EQ(selection.kernels->name, name);
    EXPECT_STREQ(selection.unavailable, "");
  }
}

TEST(SimdDispatchTest, OverlongRequestIsCut) {
  const Selection selection = Select(std::string(1000, 'x').c_str());
  EXPECT_EQ(selection.kernels->name, AvailableNames().front());
  EXPECT_EQ(selection.unavailable, std::string(31, 'x'));
}

}  // namespace
}  // namespace skalar::simd
