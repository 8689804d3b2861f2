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
#include "saved.h"

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
  const auto file = Saved(path_, corpus_.store, index_);
  CheckAll(*file);
  Index read(index_.options());
  ASSERT_TRUE(read.Open(file).ok());
  EXPECT_FALSE(read.undecided());
  const std::vector<Query> queries = Queries();
  ExpectSame(AnswersAsAsked(&index_, corpus_, queries), AnswersAsAsked(&read, corpus_, queries));
  for (uint32_t slot = kRows; slot < kRows + 300; ++slot) PutBoth(&corpus_, &read, slot, Near());
  BuildAll(&read, corpus_.store);
  EXPECT_GE(RecallOf(&read, queries), kGood);
}

TEST_P(HnswImagesTest, AreNotReadByAnotherMatrixOrMetric) {
  Build();
  auto file = Saved(path_, corpus_.store, index_);
  Index other(OptionsOf(NewMatrix()));
  EXPECT_EQ(other.Open(file).code(), Status::Code::kUnusable);
  EXPECT_TRUE(other.undecided());
  Index plain(SmallOptions(Metric::kEuclidean, kDimension, GetParam()));
  EXPECT_EQ(plain.Open(file).code(), Status::Code::kUnusable);
  for (const auto& [slot, row] : corpus_.rows) plain.Put(slot);
  BuildAll(&plain, corpus_.store);
  file = Saved(path_, corpus_.store, plain);
  EXPECT_EQ(other.Open(file).code(), Status::Code::kUnusable);
}

TEST_P(HnswImagesTest, AreNotReadWithADamagedFrame) {
  Build();
  uint32_t crc = 0;
  ASSERT_TRUE(SaveTo(path_, corpus_.store, index_, &crc).ok());
  constexpr size_t kFrameSection = 7;
  const auto opened = OpenFile(path_, crc);
  ASSERT_EQ(opened->bytes(kFrameSection), 8 + 8 * kDimension);
  const auto at = opened->data(kFrameSection) - opened->data(0) +
                  static_cast<std::streamoff>(64 * 1024);  // behind the header, where rows begin
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at + 20);
  file.put('x');
  file.close();
  EXPECT_FALSE(Index(index_.options()).Open(OpenFile(path_, crc)).ok());
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
