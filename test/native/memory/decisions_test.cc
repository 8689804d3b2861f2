// Where memory is refused, a decision is not made, or is right; and the machine makes the next one.

#include "score/decisions.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "refused.h"

namespace skalar {
namespace {

constexpr size_t kSize = 20;
constexpr uint32_t kSupports = 300;

std::unique_ptr<KernelMachine> NewMachine() {
  const std::vector<uint32_t> ends = {100, kSupports};
  return std::make_unique<KernelMachine>(kSize, Formula{Measure::kRbf, 0.1}, ends,
                                         std::vector<double>(kSupports, 0.5),
                                         std::vector<double>(1, 2));
}

class DecisionsMemoryTest : public testing::TestWithParam<Refusal::Mode> {};

TEST_P(DecisionsMemoryTest, AreMadeWhenTheyAreAskedForAgain) {
  std::vector<float> supports(kSupports * kSize);
  for (size_t i = 0; i < supports.size(); ++i) supports[i] = static_cast<float>(i % 7);
  const std::vector<double> vectors(3 * kSize, 1.5);
  // On one thread: refusals are of a thread.
  const auto decide = [&](KernelMachine* machine, std::vector<double>* results) {
    Decisions work(machine, supports.data(), {vectors.data(), 3, kSize}, results->data(), 1,
                   nullptr);
    work.Work();
    return work.Finish().ok();
  };
  std::vector<double> expected(3);
  ASSERT_TRUE(decide(NewMachine().get(), &expected));
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    std::unique_ptr<KernelMachine> machine;
    std::vector<double> results(3);
    const bool made = succeeds([&] {
      machine = NewMachine();
      return decide(machine.get(), &results);
    });
    if (made) {
      EXPECT_EQ(results, expected);
    }
    if (machine == nullptr) machine = NewMachine();
    ASSERT_TRUE(decide(machine.get(), &results));
    EXPECT_EQ(results, expected);
  });
  EXPECT_GT(asked, 8u);
}

INSTANTIATE_TEST_SUITE_P(Refused, DecisionsMemoryTest, testing::ValuesIn(kModes));

}  // namespace
}  // namespace skalar
