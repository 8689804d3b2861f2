// A graph and its vectors in a file: as they were, or not at all.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "hnsw.h"
#include "saved.h"

namespace skalar::hnsw {
namespace {

class HnswFileTest : public HnswTest {
 protected:
  std::string path_ =
      (std::filesystem::path(testing::TempDir()) /
       ("hnsw-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
        NameOfKind(GetParam())))
          .string();
  void TearDown() override { std::filesystem::remove(path_); }

  std::vector<Query> MixedQueries() {
    std::vector<Query> queries = RandomQueries(random_, kDimension);
    for (size_t i = 0; i < queries.size(); i += 3) queries[i].exact = true;
    return queries;
  }

  void Flip(std::streamoff at) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(at);
    file.put(byte);
  }
};

TEST_P(HnswFileTest, WhatIsOpenedAnswersAlikeAndGrows) {
  Fill();
  BuildAll(&index_, corpus_.store);
  RemoveBoth(&corpus_, &index_, 17);
  PutBoth(&corpus_, &index_, kCount, random_.Vector(kDimension));
  const auto file = Saved(path_, corpus_.store, index_);
  Corpus mapped = Mapped(corpus_, file);
  Index opened(index_.options());
  ASSERT_TRUE(opened.Open(file).ok());
  EXPECT_EQ(opened.alive(), kCount - 1);
  EXPECT_EQ(opened.waiting(), 1u);
  EXPECT_EQ(opened.Live(), index_.Live());
  EXPECT_EQ(opened.Slots(), index_.Slots());
  EXPECT_EQ(mapped.store.live_count(), corpus_.store.live_count());
  EXPECT_EQ(mapped.store.spread(), corpus_.store.spread());
  EXPECT_EQ(mapped.store.memory(), 0u);
  std::vector<Query> queries = RandomQueries(random_, kDimension);
  ExpectSame(AnswersOf(&index_, corpus_, queries), AnswersOf(&opened, mapped, queries));
  queries = MixedQueries();
  EXPECT_GE(Recall(&opened, mapped, metric(), queries), kGood);
  EXPECT_EQ(Build(&opened, mapped.store.Snapshot()).status().code(), Status::Code::kUnusable);
  CheckAll(*file);
  ExpectSame(AnswersOf(&index_, corpus_, queries), AnswersOf(&opened, mapped, queries));
  // Of slots that the file has, and behind them.
  for (uint32_t slot = kCount - 100; slot < kCount + 500; ++slot) {
    PutBoth(&mapped, &opened, slot, random_.Vector(kDimension, Norm(slot)));
  }
  BuildAll(&opened, mapped.store);
  EXPECT_GE(Recall(&opened, mapped, metric(), queries), kGood);
}

TEST_P(HnswFileTest, WhoMapsAFileSeesNothingOfWhatOthersChange) {
  Fill();
  BuildAll(&index_, corpus_.store);
  uint32_t crc = 0;
  ASSERT_TRUE(SaveTo(path_, corpus_.store, index_, &crc).ok());
  const auto first = OpenFile(path_, crc);
  CheckAll(*first);
  Corpus mapped = Mapped(corpus_, first);
  Index opened(index_.options());
  ASSERT_TRUE(opened.Open(first).ok());
  for (uint32_t slot = 0; slot < 700; ++slot) {
    PutBoth(&mapped, &opened, slot, random_.Vector(kDimension));
  }
  BuildAll(&opened, mapped.store);
  const auto second = OpenFile(path_, crc);
  CheckAll(*second);
  EXPECT_FALSE(second->damaged());
  Index other(index_.options());
  ASSERT_TRUE(other.Open(second).ok());
  const std::vector<Query> queries = MixedQueries();
  ExpectSame(AnswersOf(&index_, corpus_, queries),
             AnswersOf(&other, Mapped(corpus_, second), queries));
}

TEST_P(HnswFileTest, TwinsAreAsTheyWere) {
  const Floats base = random_.Vector(kDimension);
  Fill(2000);
  for (uint32_t slot = 2000; slot < 2600; ++slot) PutBoth(&corpus_, &index_, slot, base);
  BuildAll(&index_, corpus_.store);
  const auto file = Saved(path_, corpus_.store, index_);
  CheckAll(*file);
  Index opened(index_.options());
  ASSERT_TRUE(opened.Open(file).ok());
  for (uint32_t slot = 2600; slot < 2700; ++slot) {
    PutBoth(&corpus_, &index_, slot, base);
    opened.Put(slot);
  }
  BuildAll(&index_, corpus_.store);
  BuildAll(&opened, corpus_.store);
  const std::vector<Query> queries = {QueryFor(base, 100), QueryFor(random_.Vector(kDimension))};
  ExpectSame(AnswersOf(&index_, corpus_, queries), AnswersOf(&opened, corpus_, queries));
}

TEST_P(HnswFileTest, AnIndexThatIsUndecidedTakesTheCodesOfTheFile) {
  Fill(2000);
  BuildAll(&index_, corpus_.store);
  Options options = index_.options();
  options.codes.reset();
  Index opened(options);
  ASSERT_TRUE(opened.Open(Saved(path_, corpus_.store, index_)).ok());
  EXPECT_EQ(opened.codes(), GetParam().codes);
  EXPECT_FALSE(opened.undecided());
}

TEST_P(HnswFileTest, StopsWritingWhenTold) {
  Fill(2000);
  BuildAll(&index_, corpus_.store);
  const std::atomic<int32_t> abort{kAbort};
  uint32_t crc = 0;
  EXPECT_EQ(SaveTo(path_, corpus_.store, index_, &crc, &abort).code(), Status::Code::kAborted);
  EXPECT_EQ(OpenFile(path_, crc), nullptr);
}

TEST_P(HnswFileTest, RefusesWhatIsNoSuchGraph) {
  Fill(2000);
  BuildAll(&index_, corpus_.store);
  const auto file = Saved(path_, corpus_.store, index_);
  const auto opens = [&](const Options& options) { return Index(options).Open(file).ok(); };
  EXPECT_TRUE(opens(index_.options()));
  Options other = index_.options();
  other.M = 9;
  EXPECT_FALSE(opens(other));
  other = index_.options();
  other.dimension = kDimension + 1;
  EXPECT_FALSE(opens(other));
  EXPECT_FALSE(VectorStore(kDimension + 1).Open(file).ok());
  other = index_.options();
  other.metric = metric() == Metric::kDot ? Metric::kCosine : Metric::kDot;
  EXPECT_FALSE(opens(other));
  other = index_.options();
  other.codes = *other.codes == Codes::kInt4 ? Codes::kInt8 : Codes::kInt4;
  EXPECT_FALSE(opens(other));
}

// Whatever byte is another: it is refused, or found out before an answer is wrong. What lists and
// codes have may find less, until all is checked.
TEST_P(HnswFileTest, NoByteThatIsAnotherMakesAnAnswerWrong) {
  Fill(1500);
  const Floats base = random_.Vector(kDimension);
  for (uint32_t slot = 1500; slot < 1600; ++slot) PutBoth(&corpus_, &index_, slot, base);
  BuildAll(&index_, corpus_.store);
  uint32_t crc = 0;
  ASSERT_TRUE(SaveTo(path_, corpus_.store, index_, &crc).ok());
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path_));
  std::vector<Query> queries = RandomQueries(random_, kDimension);
  queries.push_back(QueryFor(base, 30));
  queries.push_back(QueryFor(base, 30));
  queries.back().exact = true;
  std::vector<std::vector<Hit>> expected;
  for (Query query : queries) {
    query.k = corpus_.rows.size();
    expected.push_back(Expected(corpus_, metric(), query));
  }
  size_t refused = 0;
  size_t found_out = 0;
  for (int round = 0; round < 60; ++round) {
    const auto at = static_cast<std::streamoff>(random_.Below(static_cast<uint32_t>(size)));
    Flip(at);
    const auto file = OpenFile(path_, crc);
    VectorStore store(kDimension);
    Index opened(index_.options());
    if (file == nullptr || !store.Open(file).ok() || !opened.Open(file).ok()) {
      ++refused;
      Flip(at);
      continue;
    }
    Search search(&opened, store.Snapshot(), OwnOf(opened, queries), nullptr);
    RunAll(&search);
    std::vector<Hits> answers;
    ASSERT_TRUE(search.Finish(&answers).ok());
    for (size_t q = 0; q < queries.size() && !store.damaged(); ++q) {
      const std::vector<Hit>& ranked = expected[q];
      size_t place = 0;
      for (const Hit& hit : answers[q].hits) {
        while (place < ranked.size() && ranked[place].slot != hit.slot) ++place;
        ASSERT_LT(place, ranked.size()) << "byte " << at;
        EXPECT_EQ(hit.score, ranked[place].score) << "byte " << at;
        if (queries[q].exact) {
          EXPECT_LT(place, queries[q].k) << "byte " << at;
        }
      }
    }
    CheckAll(*file);
    found_out += file->damaged();
    EXPECT_EQ(opened.checked(), !file->damaged());
    Flip(at);
  }
  EXPECT_GT(found_out + refused, 10u);
}

INSTANTIATE_TEST_SUITE_P(All, HnswFileTest, testing::ValuesIn(AllKinds()),
                         [](const auto& info) { return NameOfKind(info.param); });

}  // namespace
}  // namespace skalar::hnsw
