#ifndef SKALAR_BASE_RANDOM_H_
#define SKALAR_BASE_RANDOM_H_

#include <cstdint>

namespace skalar {

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): the same
// numbers for a seed on every machine.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace skalar

#endif  // SKALAR_BASE_RANDOM_H_
