// How many distances hnswlib computes for a query. Builds its graph on one thread, over the inner
// product, and prints for each ef one line of JSON: means over the queries, and the answers.
// Usage: hnswlib-distances <base.f32> <rows> <query.f32> <first query> <queries> <dimension> <k>
// <M> <efConstruction> <seed> <ef> ...
//
// computed: calls of the distance function, on all levels.
// counted: hnswlib's own metric_distance_computations. It adds up the lengths of the lists it looks
//   at, so neighbours that were seen before, whose distance is not computed again, count too.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hnswlib/hnswlib.h"

namespace {

using Index = hnswlib::HierarchicalNSW<float>;

uint64_t computed;
hnswlib::DISTFUNC<float> inner_product;

float CountedDistance(const void* a, const void* b, const void* dimension) {
  ++computed;
  return inner_product(a, b, dimension);
}

class CountingSpace : public hnswlib::SpaceInterface<float> {
 public:
  explicit CountingSpace(size_t dimension) : space_(dimension) {
    inner_product = space_.get_dist_func();
  }

  size_t get_data_size() override { return space_.get_data_size(); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return CountedDistance; }
  void* get_dist_func_param() override { return space_.get_dist_func_param(); }

 private:
  hnswlib::InnerProductSpace space_;
};

struct Answer {
  std::vector<std::pair<float, hnswlib::labeltype>> nearest;  // the farthest first
  uint64_t computed = 0;
};

// The queue that a search returns, with ids of either kind.
template <typename Queue, typename LabelOf>
Answer Emptied(Queue queue, size_t k, uint64_t count, LabelOf label_of) {
  Answer answer;
  answer.computed = count;
  for (; !queue.empty(); queue.pop()) {
    if (queue.size() > k) continue;
    answer.nearest.emplace_back(queue.top().first, label_of(queue.top().second));
  }
  return answer;
}

// The walk down to level 0, where each level leads to the node nearest to the query.
hnswlib::tableint Descend(const Index& index, const float* query) {
  const auto distance = [&](hnswlib::tableint node) {
    return index.fstdistfunc_(query, index.getDataByInternalId(node), index.dist_func_param_);
  };
  hnswlib::tableint nearest = index.enterpoint_node_;
  float least = distance(nearest);
  for (int level = index.maxlevel_; level > 0; --level) {
    for (bool moved = true; moved;) {
      moved = false;
      hnswlib::linklistsizeint* list = index.get_linklist(nearest, level);
      const size_t count = index.getListCount(list);
      index.metric_distance_computations += static_cast<long>(count);
      for (size_t i = 1; i <= count; ++i) {
        const float found = distance(list[i]);
        if (found >= least) continue;
        least = found;
        nearest = list[i];
        moved = true;
      }
    }
  }
  return nearest;
}

// searchKnn counts by itself on the upper levels only, so this takes its steps one by one.
Answer SearchCounted(const Index& index, const float* query, size_t k, size_t ef) {
  const uint64_t before = computed;
  const hnswlib::tableint entry = Descend(index, query);
  auto found = index.searchBaseLayerST<true, true>(entry, query, ef);
  return Emptied(std::move(found), k, computed - before,
                 [&](hnswlib::tableint node) { return index.getExternalLabel(node); });
}

Answer SearchWhole(const Index& index, const float* query, size_t k) {
  const uint64_t before = computed;
  auto found = index.searchKnn(query, k);
  return Emptied(std::move(found), k, computed - before,
                 [](hnswlib::labeltype label) { return label; });
}

std::vector<float> Read(const char* path, size_t first, size_t count) {
  std::vector<float> values(count);
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(first * sizeof(float)));
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(count * sizeof(float)));
  if (!file) throw std::runtime_error(std::string(path) + " is shorter than it should be");
  return values;
}

void Print(size_t ef, double computed_mean, double counted_mean,
           const std::vector<Answer>& answers) {
  std::printf("{\"ef\":%zu,\"computed\":%.17g,\"counted\":%.17g,\"answers\":[", ef, computed_mean,
              counted_mean);
  const char* comma = "";
  for (const Answer& answer : answers) {
    std::printf("%s[", comma);
    for (auto it = answer.nearest.rbegin(); it != answer.nearest.rend(); ++it) {
      std::printf("%s[%zu,%.9g]", it == answer.nearest.rbegin() ? "" : ",", it->second, it->first);
    }
    std::printf("]");
    comma = ",";
  }
  std::printf("]}\n");
}

void Run(char** argv, int argc) {
  const auto number = [argv](int i) { return static_cast<size_t>(std::atoll(argv[i])); };
  const size_t rows = number(2);
  const size_t query_count = number(5);
  const size_t dimension = number(6);
  const size_t k = number(7);
  const std::vector<float> base = Read(argv[1], 0, rows * dimension);
  const std::vector<float> queries = Read(argv[3], number(4) * dimension, query_count * dimension);

  CountingSpace space(dimension);
  Index index(&space, rows, number(8), number(9), number(10));
  for (size_t row = 0; row < rows; ++row) {
    index.addPoint(base.data() + row * dimension, row, -1);
  }
  for (int i = 11; i < argc; ++i) {
    const size_t ef = number(i);
    index.setEf(ef);
    index.metric_distance_computations = 0;
    std::vector<Answer> answers;
    uint64_t total = 0;
    for (size_t query = 0; query < query_count; ++query) {
      const float* vector = queries.data() + query * dimension;
      answers.push_back(SearchCounted(index, vector, k, ef));
      total += answers.back().computed;
    }
    const double counted = static_cast<double>(index.metric_distance_computations);
    for (size_t query = 0; query < query_count; ++query) {
      const Answer whole = SearchWhole(index, queries.data() + query * dimension, k);
      if (whole.nearest != answers[query].nearest || whole.computed != answers[query].computed) {
        throw std::runtime_error("searchKnn does something else than what was counted");
      }
    }
    Print(ef, static_cast<double>(total) / query_count, counted / query_count, answers);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 12) {
    std::fprintf(stderr, "hnswlib-distances: see its head for its arguments\n");
    return 2;
  }
  try {
    Run(argv, argc);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hnswlib-distances: %s\n", error.what());
    return 1;
  }
  return 0;
}
