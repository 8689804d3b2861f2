// What is refused memory leaves a graph as it was, or with what was linked until then: what is
// not linked waits, searches remember nothing of one that failed, and all of it is done when it is
// asked for again.

#include "../hnsw.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "../saved.h"
#include "choose.h"
#include "hnsw/renumber.h"
#include "refused.h"

namespace skalar::hnsw {
namespace {

constexpr uint32_t kNodes = 360;
constexpr uint32_t kMore = 40;
constexpr size_t kLong = 64;  // components for which codes are to be chosen

std::string PathFor(const std::string& name) {
  return (std::filesystem::path(testing::TempDir()) / ("skalar-memory-" + name)).string();
}

// A graph that slots wait for. Some of the vectors are equal.
struct Grown {
  explicit Grown(const Kind& kind, uint32_t nodes = kNodes, uint32_t waiting = kMore)
      : metric(kind.metric), index({kind.metric, kDimension, 4, 24, kind.codes}) {
    Add(nodes);
    BuildAll(&index, corpus.store);
    Add(waiting);
  }

  void Add(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      const auto slot = static_cast<uint32_t>(corpus.rows.size());
      const bool twin = slot > 8 && slot % 5 == 0;
      PutBoth(&corpus, &index, slot, twin ? corpus.vectors[slot % 4] : random.Vector(kDimension));
    }
  }

  static std::vector<Query> Queries(size_t count) {
    Random other(99);
    std::vector<Query> queries;
    for (size_t i = 0; i < count; ++i) {
      queries.push_back(QueryFor(other.Vector(kDimension), 5));
      queries.back().ef = 20;
    }
    return queries;
  }

  // Of all kinds, each of them next to one like it.
  std::vector<Query> MixedQueries() const {
    std::vector<Query> queries = Queries(10);
    for (size_t i = 0; i < queries.size(); ++i) {
      const size_t kind = i / 2;
      if (kind == 1) queries[i].allowed = ListOf({1, 2, 3, 77, 78, 79, 200, 300, kNodes + 1});
      if (kind == 2) queries[i].exact = true;
      if (kind == 3) queries[i].k = corpus.rows.size();
      if (kind == 4) queries[i].excluded = 7;
    }
    return queries;
  }

  // Every live slot is known, every list names what is there, and nothing is missed.
  void ExpectWhole(const std::string& name) {
    std::vector<uint32_t> live;
    for (const auto& [slot, row] : corpus.rows) live.push_back(slot);
    EXPECT_EQ(index.Live(), live);
    EXPECT_EQ(index.alive() + index.waiting(), live.size());
    std::vector<uint32_t> standing;
    for (const uint32_t slot : index.Slots()) {
      if (slot != kNoSlot) standing.push_back(slot);
    }
    EXPECT_EQ(standing.size(), index.alive());
    std::sort(standing.begin(), standing.end());
    EXPECT_EQ(std::unique(standing.begin(), standing.end()), standing.end());
    if (index.nodes() > 0) {
      const std::string path = PathFor(name);
      Index opened(index.options());
      EXPECT_TRUE(opened.Open(Saved(path, corpus.store, index)).ok());
      EXPECT_EQ(opened.Live(), live);
      std::filesystem::remove(path);
    }
    // Of so small a graph, by codes of four bits.
    EXPECT_GE(Recall(&index, corpus, metric, Queries(20)), 0.75);
  }

  const Metric metric;
  Random random{11};
  Corpus corpus{kDimension};
  Index index;
};

constexpr auto kFarOff = std::chrono::hours(1);

struct Case {
  Refusal::Mode mode;
  Kind kind;
};

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const Refusal::Mode mode : kModes) {
    cases.push_back({mode, {Metric::kCosine, Codes::kInt8}});
    cases.push_back({mode, {Metric::kEuclidean, Codes::kFloat32}});
    cases.push_back({mode, {Metric::kDot, Codes::kInt4}});
  }
  return cases;
}

std::string NameOfCase(const testing::TestParamInfo<Case>& info) {
  const bool once = info.param.mode == Refusal::Mode::kOnce;
  return NameOfKind(info.param.kind) + (once ? "Once" : "FromThenOn");
}

class HnswMemoryTest : public testing::TestWithParam<Case> {
 protected:
  static Kind kind() { return GetParam().kind; }
  static Refusal::Mode mode() { return GetParam().mode; }
  static std::string name() { return NameOfCase({GetParam(), 0}); }

  // One Build as the binding has it: whoever works may be refused memory, and it is finished all
  // the same.
  static bool Stretch(Grown* grown) {
    Build build(&grown->index, grown->corpus.store.Snapshot());
    bool succeeded = build.status().ok();
    try {
      if (succeeded) build.Work(std::chrono::steady_clock::now() + kFarOff);
    } catch (const std::bad_alloc&) {
      succeeded = false;
    }
    build.Finish();
    return succeeded;
  }
};

TEST_P(HnswMemoryTest, WhatIsNotLinkedWaitsAgain) {
  for (const uint32_t nodes : {0u, kNodes}) {
    size_t linked_before = 0;
    const size_t asked = RefuseEach(mode(), [&](auto succeeds) {
      Grown grown(kind(), nodes);
      if (!succeeds([&] { return Stretch(&grown); })) {
        EXPECT_LT(grown.index.alive(), nodes + kMore);
        // The later it was refused, the more is linked.
        EXPECT_GE(grown.index.alive(), linked_before);
        linked_before = grown.index.alive();
        EXPECT_EQ(grown.index.nodes(), grown.index.alive());
        grown.ExpectWhole(name());
        EXPECT_TRUE(Stretch(&grown));
      }
      EXPECT_EQ(grown.index.waiting(), 0u);
      EXPECT_EQ(grown.index.nodes(), nodes + kMore);
      grown.ExpectWhole(name());
    });
    EXPECT_GT(asked, 20u);
    EXPECT_GT(linked_before, nodes) << "nothing was refused amid linking";
  }
}

TEST_P(HnswMemoryTest, OthersLinkOnWhereOneThreadIsRefused) {
  size_t holes = 0;
  RefuseEach(mode(), [&](auto succeeds) {
    Grown grown(kind());
    Build build(&grown.index, grown.corpus.store.Snapshot());
    ASSERT_TRUE(build.status().ok());
    const auto work = [&] {
      build.Work(std::chrono::steady_clock::now() + kFarOff);
      return true;
    };
    succeeds(work);
    work();
    ExpectNoAllocation([&] { build.Finish(); });
    holes += grown.index.nodes() - grown.index.alive();
    EXPECT_LE(grown.index.waiting(), 1u);
    grown.ExpectWhole(name());
    BuildAll(&grown.index, grown.corpus.store);
    EXPECT_EQ(grown.index.alive(), kNodes + kMore);
    grown.ExpectWhole(name());
    Renumbering renumbering(&grown.index);
    renumbering.Work();
    EXPECT_TRUE(renumbering.Finish().ok());
    grown.ExpectWhole(name());
  });
  EXPECT_GT(holes, 0u);
}

TEST_P(HnswMemoryTest, SlotsArePutAgain) {
  const size_t asked = RefuseEach(mode(), [](auto succeeds) {
    Grown grown(kind(), 50, 0);
    const std::vector<uint32_t> before = grown.index.Live();
    const auto put = [&] {
      grown.index.Put(3);
      grown.index.Put(5000);
      return true;
    };
    if (!succeeds(put)) {
      EXPECT_EQ(grown.index.Live(), before);
      put();
    }
    EXPECT_EQ(grown.index.Live().back(), 5000u);
    EXPECT_EQ(grown.index.waiting(), 2u);
  });
  EXPECT_EQ(asked, 1u);
}

TEST_P(HnswMemoryTest, SearchesRememberNothingOfOneThatFailed) {
  Grown grown(kind());
  for (uint32_t slot = 0; slot < kNodes; slot += 9) {
    RemoveBoth(&grown.corpus, &grown.index, slot);
  }
  const std::vector<Query> queries = grown.MixedQueries();
  const std::vector<Hits> expected = AnswersOf(&grown.index, grown.corpus, queries);
  for (const size_t at_once : {1, 2}) {
    const size_t asked = RefuseEach(mode(), [&](auto succeeds) {
      // No scratch of before.
      grown.index.Put(kNodes + 2);
      std::vector<Hits> answers;
      succeeds([&] {
        Search search(&grown.index, grown.corpus.store.Snapshot(), OwnOf(grown.index, queries),
                      nullptr);
        RunAll(&search, at_once);
        return search.Finish(&answers).ok();
      });
      if (!answers.empty()) ExpectSame(answers, expected);
      ExpectSame(AnswersOf(&grown.index, grown.corpus, queries), expected);
    });
    EXPECT_GT(asked, 50u);
  }
}

// All that a scratch of its own takes.
TEST_P(HnswMemoryTest, AFirstSearchFailsAndTheSecondAnswers) {
  Grown grown(kind());
  const std::string path = PathFor(name() + "-first");
  const auto file = Saved(path, grown.corpus.store, grown.index);
  CheckAll(*file);
  const std::vector<Query> queries = grown.MixedQueries();
  const std::vector<Hits> expected = AnswersOf(&grown.index, grown.corpus, queries);
  const size_t asked = RefuseEach(mode(), [&](auto succeeds) {
    Index index(grown.index.options());
    ASSERT_TRUE(index.Open(file).ok());
    std::vector<Hits> answers;
    succeeds([&] {
      Search search(&index, grown.corpus.store.Snapshot(), OwnOf(index, queries), nullptr);
      RunAll(&search, 2);
      return search.Finish(&answers).ok();
    });
    if (!answers.empty()) ExpectSame(answers, expected);
    ExpectSame(AnswersOf(&index, grown.corpus, queries), expected);
  });
  EXPECT_GT(asked, 50u);
  std::filesystem::remove(path);
}

TEST_P(HnswMemoryTest, NodesKeepTheirNumbersOrGetOthers) {
  Grown grown(kind());
  RemoveBoth(&grown.corpus, &grown.index, 17);
  const std::vector<Query> queries = grown.MixedQueries();
  const std::vector<Hits> expected = AnswersOf(&grown.index, grown.corpus, queries);
  const auto renumber = [&] {
    Renumbering renumbering(&grown.index);
    bool refused = false;
    try {
      renumbering.Work();
    } catch (const std::bad_alloc&) {
      refused = true;
    }
    const bool finished = renumbering.Finish().ok();
    EXPECT_FALSE(refused && finished);
    return finished;
  };
  const size_t asked = RefuseEach(mode(), [&](auto succeeds) {
    const std::vector<uint32_t> slots = grown.index.Slots();
    if (!succeeds(renumber)) {
      EXPECT_EQ(grown.index.Slots(), slots);
    }
    const std::vector<Hits> answers = AnswersOf(&grown.index, grown.corpus, queries);
    for (size_t q = 0; q < queries.size(); ++q) {
      EXPECT_EQ(Describe(answers[q].hits), Describe(expected[q].hits));
    }
  });
  EXPECT_GT(asked, 10u);
  EXPECT_TRUE(renumber());
  BuildAll(&grown.index, grown.corpus.store);
  grown.ExpectWhole(name());
}

TEST_P(HnswMemoryTest, AFileIsReadWholeOrNotAtAll) {
  Grown grown(kind());
  const std::string path = PathFor(name() + "-file");
  uint32_t crc = 0;
  const auto write = [&] { return SaveTo(path, grown.corpus.store, grown.index, &crc).ok(); };
  RefuseEach(mode(), [&](auto succeeds) {
    if (!succeeds(write)) {
      EXPECT_TRUE(write());
    }
  });
  const std::vector<Query> queries = grown.MixedQueries();
  const std::vector<Hits> expected = AnswersOf(&grown.index, grown.corpus, queries);
  const size_t asked = RefuseEach(mode(), [&](auto succeeds) {
    Options options = grown.index.options();
    // Chosen by the file.
    options.codes = std::nullopt;
    Index index(options);
    Corpus mapped(grown.corpus.store.dimension());
    const auto read = [&] {
      const auto file = OpenFile(path, crc);
      if (file == nullptr || !mapped.store.Open(file).ok()) return false;
      CheckAll(*file);
      return index.Open(file).ok();
    };
    const Codes codes = index.codes();
    if (!succeeds(read)) {
      EXPECT_EQ(index.nodes(), 0u);
      EXPECT_EQ(index.codes(), codes);
      EXPECT_TRUE(read());
    }
    ExpectSame(AnswersOf(&index, mapped, queries), expected);
  });
  EXPECT_GT(asked, 10u);
  std::filesystem::remove(path);
}

TEST_P(HnswMemoryTest, CodesAreChosenWhenTheyAreMeasured) {
  const size_t asked = RefuseEach(mode(), [](auto succeeds) {
    Random random(5);
    Corpus corpus(kLong);
    Index index({kind().metric, kLong, 4, 24});
    for (uint32_t slot = 0; slot < 100; ++slot) {
      PutBoth(&corpus, &index, slot, random.Vector(kLong));
    }
    const auto choose = [&] { return Choose(&index, corpus.store); };
    if (!succeeds(choose)) {
      EXPECT_TRUE(index.undecided());
      EXPECT_EQ(index.waiting(), 100u);
      EXPECT_TRUE(choose());
    }
    EXPECT_FALSE(index.undecided());
    BuildAll(&index, corpus.store);
    EXPECT_EQ(index.alive(), 100u);
  });
  EXPECT_GT(asked, 20u);
}

INSTANTIATE_TEST_SUITE_P(Refused, HnswMemoryTest, testing::ValuesIn(AllCases()), NameOfCase);

}  // namespace
}  // namespace skalar::hnsw
