// What several threads do at once: run.sh also runs this file under the thread sanitizer.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "flat/scan.h"
#include "rows.h"

namespace skalar {
namespace {

using View = VectorStore::View;

constexpr size_t kDimension = 24;

// In each of three chunks 150 slots: two and a half words of live bits.
constexpr uint32_t kChunks = 3;
constexpr uint32_t kSlots = kChunks * 150;
uint32_t ChunkSlots() {
  static const size_t slots = VectorStore(kDimension).Snapshot().chunk_slots();
  return static_cast<uint32_t>(slots);
}
uint32_t SlotOf(uint32_t i) { return i % kChunks * ChunkSlots() + i / kChunks; }

// The row a slot holds after having been put for the `version`th time: all of it follows from the
// two, so that a row made of halves of others is noticed.
Row RowFor(uint32_t i, uint32_t version) {
  Random random(i * 100'000 + version);
  return RowOf(random.Vector(kDimension, 1 + static_cast<float>(version)), i);
}

// What the changing thread knew when it took a view.
struct Taken {
  View view;
  std::array<uint32_t, kSlots> versions;  // 0: never put
  std::array<bool, kSlots> live;

  // The version that a row of this view must be, if it shows as live.
  uint32_t Expected(uint32_t i) const {
    // Never used then: only its first row can have been appended since.
    return versions[i] == 0 ? 1 : versions[i];
  }
};

class Queue {
 public:
  void Push(Taken taken) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return views_.size() < 3; });
    views_.push_back(std::move(taken));
    changed_.notify_all();
  }
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  std::optional<Taken> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !views_.empty(); });
    if (views_.empty()) return std::nullopt;
    Taken taken = std::move(views_.front());
    views_.pop_front();
    changed_.notify_all();
    return taken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Taken> views_;
  bool closed_ = false;
};

uint32_t IndexOf(uint32_t slot) { return slot % ChunkSlots() * kChunks + slot / ChunkSlots(); }

void CheckRows(const Taken& taken) {
  for (uint32_t i = 0; i < kSlots; ++i) {
    const uint32_t slot = SlotOf(i);
    if (!taken.view.IsLive(slot)) continue;
    ASSERT_TRUE(taken.live[i] || taken.versions[i] == 0) << "a dead slot came to life";
    const Row expected = RowFor(i, taken.Expected(i));
    ASSERT_EQ(taken.view.NormOf(slot), expected.norm);
    ASSERT_TRUE(std::equal(expected.scaled.begin(), expected.scaled.end(), taken.view.Row(slot)));
  }
}

void CheckScan(const Taken& taken, Random* random) {
  const Floats vector = random->Vector(kDimension);
  Query shared, listed;
  shared.vector = listed.vector = Owned(Padded(vector));
  shared.k = listed.k = 20;
  shared.metric = listed.metric = Metric::kEuclidean;
  std::vector<uint32_t> slots;
  for (uint32_t i = 0; i < kSlots; i += 2) slots.push_back(SlotOf(i));
  std::sort(slots.begin(), slots.end());
  listed.allowed = std::make_shared<const std::vector<uint32_t>>(slots);
  Scan scan(taken.view, {shared, listed}, nullptr);
  scan.Work();
  std::vector<Hits> answers;
  ASSERT_TRUE(scan.Finish(&answers).ok());
  for (const Hits& answer : answers) {
    for (size_t h = 0; h < answer.hits.size(); ++h) {
      const Hit& hit = answer.hits[h];
      const uint32_t i = IndexOf(hit.slot);
      ASSERT_LT(i, kSlots);
      const Row expected = RowFor(i, taken.Expected(i));
      ASSERT_EQ(hit.score, ReferenceScore(Metric::kEuclidean, expected, vector));
      ASSERT_TRUE(h == 0 || answer.hits[h - 1].score <= hit.score);
    }
  }
}

// Changes a store for a while and hands views to the queue.
void Change(VectorStore* store, Random* random, Queue* queue) {
  std::array<uint32_t, kSlots> versions = {};
  std::array<bool, kSlots> live = {};
  uint32_t appended = 0;
  for (uint64_t position = 1; position <= 1000; ++position) {
    // Appends mostly in order, as writers do, and sometimes ahead, which leaves holes to be filled.
    uint32_t i = random->Below(kSlots);
    if (random->OneIn(2) && appended < kSlots) i = appended++;
    const uint32_t slot = SlotOf(i);
    if (random->OneIn(4)) {
      store->Remove(&slot, 1, position);
      live[i] = false;
    } else {
      ASSERT_TRUE(PutRow(store, slot, RowFor(i, ++versions[i]), position).ok());
      live[i] = true;
    }
    if (random->OneIn(15)) queue->Push({store->Snapshot(), versions, live});
  }
}

TEST(ConcurrencyTest, RowsOfAViewAreNeverTornWhileTheStoreChanges) {
  for (uint32_t round = 0; round < 3; ++round) {
    VectorStore store(kDimension);
    Queue queue;
    std::vector<std::thread> readers;
    for (uint32_t reader = 0; reader < 2; ++reader) {
      readers.emplace_back([&queue, reader] {
        Random random(reader);
        while (std::optional<Taken> taken = queue.Pop()) {
          CheckRows(*taken);
          CheckScan(*taken, &random);
        }
      });
    }
    Random random(round);
    Change(&store, &random, &queue);
    queue.Close();
    for (std::thread& reader : readers) reader.join();
    if (HasFatalFailure()) return;
  }
}

class SharedScanTest : public testing::Test {
 protected:
  // Many small chunks of work, so that workers come and go at every moment of the others.
  SharedScanTest() : store_(kDimension) {
    Random random(1);
    for (uint32_t chunk = 0; chunk < 12; ++chunk) {
      for (uint32_t i = 0; i < 20; ++i) {
        EXPECT_TRUE(
            PutRow(&store_, chunk * ChunkSlots() + i, RowOf(random.Vector(kDimension))).ok());
      }
    }
    for (int i = 0; i < 3; ++i) {
      queries_.emplace_back().vector = Owned(Padded(random.Vector(kDimension)));
      queries_.back().k = 30;
    }
  }

  std::vector<Hits> Answers(size_t workers, const std::atomic<int32_t>* aborted, Status* status) {
    Scan scan(store_.Snapshot(), queries_, aborted);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < workers; ++i) threads.emplace_back([&scan] { scan.Work(); });
    for (std::thread& thread : threads) thread.join();
    std::vector<Hits> answers;
    *status = scan.Finish(&answers);
    return answers;
  }

  void ExpectSame(const std::vector<Hits>& answers, const std::vector<Hits>& expected) {
    ASSERT_EQ(answers.size(), expected.size());
    for (size_t q = 0; q < answers.size(); ++q) {
      ASSERT_EQ(answers[q].distances, expected[q].distances);
      ASSERT_EQ(answers[q].hits.size(), expected[q].hits.size());
      for (size_t i = 0; i < answers[q].hits.size(); ++i) {
        ASSERT_EQ(answers[q].hits[i].slot, expected[q].hits[i].slot);
        ASSERT_EQ(answers[q].hits[i].score, expected[q].hits[i].score);
      }
    }
  }

  VectorStore store_;
  std::vector<Query> queries_;
};

TEST_F(SharedScanTest, AnyNumberOfWorkersGivesTheSameAnswers) {
  Status status;
  const std::vector<Hits> expected = Answers(1, nullptr, &status);
  for (int round = 0; round < 300; ++round) {
    const std::vector<Hits> answers = Answers(2 + round % 4, nullptr, &status);
    ASSERT_TRUE(status.ok());
    ExpectSame(answers, expected);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(SharedScanTest, AnAbortInTheMiddleLeavesWholeAnswersOrNone) {
  Status status;
  const std::vector<Hits> expected = Answers(1, nullptr, &status);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int32_t> aborted{0};
    std::thread aborter([&aborted, round] {
      for (int i = 0; i < round % 50; ++i) std::this_thread::yield();
      aborted = 1;
    });
    const std::vector<Hits> answers = Answers(3, &aborted, &status);
    aborter.join();
    if (status.ok()) {
      ExpectSame(answers, expected);
    } else {
      ASSERT_EQ(status.code(), Status::Code::kAborted);
    }
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

}  // namespace
}  // namespace skalar
