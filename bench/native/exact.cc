// Exact neighbours of a set of queries: the truth that every system is judged by, and none takes
// part in. Usage: exact <cosine|dot> <base.f32> <rows> <query.f32> <queries> <dimension> <depth>
// <threads> <output>
//
// Products of float32 numbers are exact in float64, and sums are kept in float64. The output holds,
// for each query, `depth` little-endian uint32 row numbers, nearest first, and after all of them
// `depth` float64 scores for each query. Equal scores are ordered by row number.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Neighbour {
  double score;
  uint32_t row;
};

bool Nearer(const Neighbour& a, const Neighbour& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

[[noreturn]] void Fail(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

const float* Map(const char* path, size_t floats) {
  const int descriptor = open(path, O_RDONLY);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) Fail(path);
  if (static_cast<size_t>(status.st_size) < floats * sizeof(float)) {
    std::fprintf(stderr, "%s is shorter than it should be\n", path);
    std::exit(1);
  }
  void* memory = mmap(nullptr, floats * sizeof(float), PROT_READ, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) Fail(path);
  close(descriptor);
  return static_cast<const float*>(memory);
}

// Eight independent sums: one would wait for each addition before the next.
double Dot(const float* a, const float* b, size_t dimension) {
  constexpr size_t kLanes = 8;
  double sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= dimension; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * b[i + lane];
    }
  }
  for (; i < dimension; ++i) sums[0] += static_cast<double>(a[i]) * b[i];
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

// The best `depth` seen, kept as a heap with the worst in front.
class Nearest {
 public:
  explicit Nearest(size_t depth) : depth_(depth) { heap_.reserve(depth + 1); }

  void Offer(const Neighbour& neighbour) {
    if (heap_.size() == depth_) {
      if (!Nearer(neighbour, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), Nearer);
      heap_.back() = neighbour;
    } else {
      heap_.push_back(neighbour);
    }
    std::push_heap(heap_.begin(), heap_.end(), Nearer);
  }

  const std::vector<Neighbour>& Sorted() {
    std::sort_heap(heap_.begin(), heap_.end(), Nearer);
    return heap_;
  }

 private:
  const size_t depth_;
  std::vector<Neighbour> heap_;
};

struct Task {
  bool cosine;
  const float* base;
  size_t rows;
  const float* queries;
  size_t query_count;
  size_t dimension;
  size_t depth;
};

std::vector<double> Norms(const float* vectors, size_t count, size_t dimension) {
  std::vector<double> norms(count);
  for (size_t i = 0; i < count; ++i) {
    const float* vector = vectors + i * dimension;
    norms[i] = std::sqrt(Dot(vector, vector, dimension));
  }
  return norms;
}

// A few queries at a time: a row is read from memory once for all of them.
constexpr size_t kQueryBlock = 16;

void Scan(const Task& task, const std::vector<double>& norms, size_t first,
          std::vector<uint32_t>* rows, std::vector<double>* scores) {
  const size_t end = std::min(first + kQueryBlock, task.query_count);
  std::vector<Nearest> nearest(end - first, Nearest(task.depth));
  std::vector<double> query_norms =
      Norms(task.queries + first * task.dimension, end - first, task.dimension);
  for (size_t row = 0; row < task.rows; ++row) {
    const float* vector = task.base + row * task.dimension;
    for (size_t query = first; query < end; ++query) {
      double score = Dot(vector, task.queries + query * task.dimension, task.dimension);
      if (task.cosine) score /= norms[row] * query_norms[query - first];
      nearest[query - first].Offer({score, static_cast<uint32_t>(row)});
    }
  }
  for (size_t query = first; query < end; ++query) {
    const std::vector<Neighbour>& sorted = nearest[query - first].Sorted();
    for (size_t place = 0; place < sorted.size(); ++place) {
      (*rows)[query * task.depth + place] = sorted[place].row;
      (*scores)[query * task.depth + place] = sorted[place].score;
    }
  }
}

void Write(const char* path, const std::vector<uint32_t>& rows, const std::vector<double>& scores) {
  std::FILE* file = std::fopen(path, "wb");
  if (file == nullptr) Fail(path);
  const bool written =
      std::fwrite(rows.data(), sizeof(uint32_t), rows.size(), file) == rows.size() &&
      std::fwrite(scores.data(), sizeof(double), scores.size(), file) == scores.size();
  if (!written || std::fclose(file) != 0) Fail(path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 10) {
    std::fprintf(stderr, "exact: nine arguments are needed, see the head of exact.cc\n");
    return 2;
  }
  const auto number = [argv](int i) { return static_cast<size_t>(std::atoll(argv[i])); };
  Task task;
  task.cosine = std::strcmp(argv[1], "cosine") == 0;
  task.rows = number(3);
  task.query_count = number(5);
  task.dimension = number(6);
  task.depth = std::min(number(7), task.rows);
  task.base = Map(argv[2], task.rows * task.dimension);
  task.queries = Map(argv[4], task.query_count * task.dimension);

  const std::vector<double> norms =
      task.cosine ? Norms(task.base, task.rows, task.dimension) : std::vector<double>();
  std::vector<uint32_t> rows(task.query_count * task.depth);
  std::vector<double> scores(task.query_count * task.depth);
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t first; (first = next.fetch_add(kQueryBlock)) < task.query_count;) {
      Scan(task, norms, first, &rows, &scores);
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < number(8); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  Write(argv[9], rows, scores);
  return 0;
}
