// Memory that is refused: the n-th time that a thread asks for some, whatever it is for. For this
// all of operator new is replaced, so these tests are a program of their own.

#ifndef SKALAR_TEST_NATIVE_MEMORY_REFUSED_H_
#define SKALAR_TEST_NATIVE_MEMORY_REFUSED_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <new>

namespace skalar {

// While it lives, this thread is refused memory: after it was granted some `granted` times, once or
// from then on.
class Refusal {
 public:
  enum class Mode { kOnce, kAlways };

  explicit Refusal(size_t granted, Mode mode = Mode::kOnce);
  ~Refusal();
  Refusal(const Refusal&) = delete;
  Refusal& operator=(const Refusal&) = delete;

  // Whether it has come to that.
  static bool Happened();
};

// Calls work(), which returns whether it has succeeded, without memory after `granted` times.
// Returns that; false as well where it is refused by an exception.
template <class Work>
bool Succeeds(size_t granted, Refusal::Mode mode, bool* happened, Work work) {
  const Refusal refusal(granted, mode);
  bool succeeded = false;
  try {
    succeeded = work();
  } catch (const std::bad_alloc&) {
  }
  *happened = Refusal::Happened();
  return succeeded;
}

// Calls try_one(succeeds) once for each time that memory is asked for within succeeds(work), which
// it calls once; then once more, when all is granted. Returns how often memory was asked for.
template <class TryOne>
size_t RefuseEach(Refusal::Mode mode, TryOne try_one) {
  for (size_t granted = 0;; ++granted) {
    SCOPED_TRACE(testing::Message() << "refused after " << granted << " times");
    bool happened = false;
    try_one([&](auto work) {
      const bool succeeded = Succeeds(granted, mode, &happened, work);
      // What goes on without some memory is free to.
      EXPECT_TRUE(succeeded || happened);
      return succeeded;
    });
    if (!happened || testing::Test::HasFatalFailure()) return granted;
  }
}

// Work that asks for no memory at all.
template <class Work>
void ExpectNoAllocation(Work work) {
  bool happened = false;
  EXPECT_TRUE(Succeeds(0, Refusal::Mode::kAlways, &happened, [&] {
    work();
    return true;
  }));
  EXPECT_FALSE(happened);
}

inline constexpr Refusal::Mode kModes[] = {Refusal::Mode::kOnce, Refusal::Mode::kAlways};

}  // namespace skalar

#endif  // SKALAR_TEST_NATIVE_MEMORY_REFUSED_H_
