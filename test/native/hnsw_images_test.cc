// Graphs of images, by the Mahalanobis distance: what they find and how near it is, by the exact
// scan; and that a file is of one matrix, and of its frame.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "hnsw.h"
#include "hnsw/choice.h"
#include "hnsw/renumber.h"
#include "matrices.h"

namespace skalar::hnsw {
namespace {

constexpr uint32_t kRows = 3000;

// What a center adds to all rows.
constexpr float kOffset = 300;

std::vector<Query> ByMatrix(std::vector<Query> queries,
                            const std::shared_ptr<const Precision>& precision) {
  for (Query& query : queries) {
    query.metric = Metric::kMahalanobis;
    query.whitened = WithoutImages(precision);
  }
  return queries;
}

class HnswImagesTest : public testing::TestWithParam<Codes> {
 protected:
  HnswImagesTest() {
    for (uint32_t slot = 0; slot < kRows; ++slot) PutBoth(&corpus_, &index_, slot, Near());
  }
  void TearDown() override { std::filesystem::remove(path_); }

  Options OptionsOf(std::shared_ptr<const Precision> precision) const {
    Options options = SmallOptions(Metric::kMahalanobis, kDimension, GetParam());
    options.precision = std::move(precision);
    return options;
  }
  std::shared_ptr<const Precision> NewMatrix() {
    return PrecisionOf(RandomParts(random_, kDimension, 0.05, 3));
  }
  Floats Near() {
    Floats vector = random_.Vector(kDimension);
    for (size_t i = 0; i < kDimension; ++i) {
      vector[i] = std::ldexp(vector[i] + kOffset, -precision_->exponents()[i]);
    }
    return vector;
  }
  std::vector<Query> Queries() {
    std::vector<Query> queries;
    for (size_t i = 0; i < kQueries; ++i) queries.push_back(QueryFor(Near()));
    return ByMatrix(queries, precision_);
  }
  void Decide(Index* index) const {
    ASSERT_TRUE(index->undecided());
    Choice choice(index, corpus_.store.Snapshot());
    choice.Work();
    ASSERT_TRUE(choice.Finish().ok());
    ASSERT_FALSE(index->undecided());
  }
  void Build() {
    Decide(&index_);
    BuildAll(&index_, corpus_.store, 2);
  }
  std::vector<Hits> Scanned(std::vector<Query> queries) const {
    Scan scan(corpus_.store.Snapshot(), std::move(queries), nullptr);
    scan.Work();
    std::vector<Hits> answers;
    EXPECT_TRUE(scan.Finish(&answers).ok());
    return answers;
  }
  // The share of the nearest that is found; whatever is has the score that a scan gives it.
  double RecallOf(Index* index, const std::vector<Query>& queries) const {
    std::vector<Query> all = queries;
    for (Query& query : all) query.k = corpus_.rows.size();
    const std::vector<Hits> expected = Scanned(all);
    const std::vector<Hits> answers = AnswersAsAsked(index, corpus_, queries);
    size_t found = 0;
    for (size_t q = 0; q < queries.size(); ++q) {
      EXPECT_EQ(answers[q].hits.size(), queries[q].k);
      size_t place = 0;
      for (const Hit& hit : answers[q].hits) {
        const auto& ranked = expected[q].hits;
        while (place < ranked.size() && ranked[place].slot != hit.slot) ++place;
        if (place == ranked.size()) {
          ADD_FAILURE() << "slot " << hit.slot << " is out of order, or not to be";
          break;
        }
        EXPECT_EQ(hit.score, ranked[place].score);
        found += place < queries[q].k;
      }
    }
    return static_cast<double>(found) / static_cast<double>(queries.size() * queries[0].k);
  }

  Random random_{17};
  const std::shared_ptr<const Precision> precision_ = NewMatrix();
  Corpus corpus_{kDimension};
  Index index_{OptionsOf(precision_)};
  const std::string path_ = (std::filesystem::path(testing::TempDir()) /
                             ("hnsw-images-" + std::to_string(static_cast<uint32_t>(GetParam()))))
                                .string();
};

INSTANTIATE_TEST_SUITE_P(Codes, HnswImagesTest, testing::ValuesIn(kCodes),
                         [](const auto& info) { return NameOfCodes(info.param); });

TEST_P(HnswImagesTest, FindWhatIsNearByTheMatrix) {
  Build();
  const std::vector<Query> queries = Queries();
  EXPECT_GE(RecallOf(&index_, queries), kGood);
  for (const Hits& answer : AnswersAsAsked(&index_, corpus_, queries)) {
    EXPECT_GT(answer.visited, 0u);
    EXPECT_LT(answer.distances, kRows);
  }
  // By a matrix of no correlations, and other units, the nearest are others.
  const auto other = PrecisionOf(RandomParts(random_, kDimension, 1, 0));
  Index wrong(OptionsOf(other));
  for (const auto& [slot, row] : corpus_.rows) wrong.Put(slot);
  Decide(&wrong);
  BuildAll(&wrong, corpus_.store, 2);
  EXPECT_LT(RecallOf(&wrong, queries), 0.8);
}

TEST_P(HnswImagesTest, FindWhatWaitsAndWhatComesLater) {
  Build();
  for (uint32_t slot = 0; slot < kRows; slot += 3) RemoveBoth(&corpus_, &index_, slot);
  for (uint32_t slot = kRows; slot < kRows + 400; ++slot) PutBoth(&corpus_, &index_, slot, Near());
  const std::vector<Query> queries = Queries();
  EXPECT_GE(RecallOf(&index_, queries), kGood);
  BuildAll(&index_, corpus_.store);
  EXPECT_GE(RecallOf(&index_, queries), kGood);
  Renumbering renumbering(&index_);
  renumbering.Work();
  ASSERT_TRUE(renumbering.Finish().ok());
  EXPECT_GE(RecallOf(&index_, queries), kGood);
}

TEST_P(HnswImagesTest, AreScannedForWhatIsFarFromAll) {
  Build();
  for (const float scale : {1e6f, 1e30f}) {
    const std::vector<Query> queries =
        ByMatrix({QueryFor(random_.Vector(kDimension, scale))}, precision_);
    const std::vector<Hits> answers = AnswersAsAsked(&index_, corpus_, queries);
    EXPECT_EQ(Describe(answers[0].hits), Describe(Scanned(queries)[0].hits));
  }
}

TEST_P(HnswImagesTest, AreReadAsTheyWereWritten) {
  Build();
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  Index read(index_.options());
  ASSERT_TRUE(read.Read(path_.c_str()).ok());
  EXPECT_FALSE(read.undecided());
  for (const auto& [slot, row] : corpus_.rows) read.Put(slot);
  const std::vector<uint32_t> slots = index_.Slots();
  read.Adopt(slots.data(), slots.size());
  const std::vector<Query> queries = Queries();
  ExpectSame(AnswersAsAsked(&index_, corpus_, queries), AnswersAsAsked(&read, corpus_, queries));
  for (uint32_t slot = kRows; slot < kRows + 300; ++slot) PutBoth(&corpus_, &read, slot, Near());
  BuildAll(&read, corpus_.store);
  EXPECT_GE(RecallOf(&read, queries), kGood);
}

TEST_P(HnswImagesTest, AreNotReadByAnotherMatrixOrMetric) {
  Build();
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  Index other(OptionsOf(NewMatrix()));
  EXPECT_EQ(other.Read(path_.c_str()).code(), Status::Code::kUnusable);
  EXPECT_TRUE(other.undecided());
  Index plain(SmallOptions(Metric::kEuclidean, kDimension, GetParam()));
  EXPECT_EQ(plain.Read(path_.c_str()).code(), Status::Code::kUnusable);
  BuildAll(&plain, corpus_.store);
  ASSERT_TRUE(plain.Write(path_.c_str()).ok());
  EXPECT_EQ(other.Read(path_.c_str()).code(), Status::Code::kUnusable);
}

TEST_P(HnswImagesTest, AreNotReadWithADamagedFrame) {
  Build();
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  uint32_t entries;
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(36);
  file.read(reinterpret_cast<char*>(&entries), sizeof entries);
  const auto frame = static_cast<std::streamoff>(64 + 4 * entries);
  const auto reads_with = [&](std::streamoff at, const auto& value) {
    auto before = value;
    file.seekg(at);
    file.read(reinterpret_cast<char*>(&before), sizeof before);
    file.seekp(at);
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
    file.flush();
    const bool ok = Index(index_.options()).Read(path_.c_str()).ok();
    file.seekp(at);
    file.write(reinterpret_cast<const char*>(&before), sizeof before);
    file.flush();
    return ok;
  };
  EXPECT_TRUE(reads_with(frame, int32_t{3}));
  EXPECT_FALSE(reads_with(frame, int32_t{1 << 20}));
  EXPECT_FALSE(reads_with(frame + 4, uint32_t{7}));
  EXPECT_FALSE(reads_with(frame + 8, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(reads_with(frame + 8, 0.0));
}

// Rows that no float32 can hold the image of are somewhere; scores are right all the same.
TEST_P(HnswImagesTest, HoldRowsThatAreTooFarAwayForImages) {
  for (uint32_t slot = 0; slot < 30; ++slot) {
    PutBoth(&corpus_, &index_, kRows + slot, random_.Vector(kDimension, 1e37f));
  }
  Build();
  EXPECT_GE(RecallOf(&index_, Queries()), kGood - 0.1);
}

}  // namespace
}  // namespace skalar::hnsw
