// Index::Write() and Index::Read(): the file is drawn in docs/format.md. Whoever hands a file to
// Read() has compared its checksum; what is checked here is that it fits the index, that no
// list names a node that is not there, and that chains of twins begin at heads and end.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "hnsw/index.h"
#include "score/whitened.h"

namespace skalar::hnsw {
namespace {

constexpr std::array<char, 8> kMagic = {'s', 'k', 'a', 'l', 'h', 'n', 's', 'w'};
constexpr uint32_t kVersion = 5;
// Sections begin at pages, so that they can be mapped.
constexpr size_t kPage = 4096;

struct Header {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t dimension;
  uint32_t metric;
  uint32_t M;
  uint32_t ef_construction;
  uint32_t components;
  uint32_t link_stride;
  uint32_t entries;
  uint64_t nodes;
  double reference;
  uint32_t codes;
  float intrinsic_dimension;
};
static_assert(sizeof(Header) == 64);

// Behind the entry points of a graph of images; its center follows.
struct FrameHeader {
  int32_t exponent;
  uint32_t matrix;  // Precision::digest()
};
static_assert(sizeof(FrameHeader) == 8);

// No exponent that a frame has is larger, of vectors and units that are float32 and float64.
constexpr int32_t kLargestExponent = 4096;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

class Writer {
 public:
  explicit Writer(std::FILE* file) : file_(file) {}

  void Put(const void* bytes, size_t size) {
    // A section that the format lacks has no address.
    if (size == 0) return;
    ok_ = ok_ && std::fwrite(bytes, 1, size, file_) == size;
    written_ += size;
  }
  void Pad() {
    static constexpr char kZeros[kPage] = {};
    Put(kZeros, (kPage - written_ % kPage) % kPage);
  }
  bool Flush() { return ok_ && std::fflush(file_) == 0; }

 private:
  std::FILE* const file_;
  size_t written_ = 0;
  bool ok_ = true;
};

class Reader {
 public:
  explicit Reader(std::FILE* file) : file_(file) {}

  bool Get(void* bytes, size_t size) {
    if (size == 0) return true;
    read_ += size;
    return std::fread(bytes, 1, size, file_) == size;
  }
  bool Pad() {
    char padding[kPage];
    return Get(padding, (kPage - read_ % kPage) % kPage);
  }

 private:
  std::FILE* const file_;
  size_t read_ = 0;
};

void PutFrame(const Frame& frame, Writer* writer) {
  const FrameHeader header = {frame.exponent(), frame.precision().digest()};
  writer->Put(&header, sizeof header);
  writer->Put(frame.center().data(), frame.center().size() * sizeof(double));
}

// Null when it is not one by this matrix.
std::shared_ptr<const Frame> GetFrame(std::shared_ptr<const Precision> precision, Reader* reader) {
  FrameHeader header;
  std::vector<double> center(precision->size());
  if (!reader->Get(&header, sizeof header) ||
      !reader->Get(center.data(), center.size() * sizeof(double)) ||
      header.matrix != precision->digest() || header.exponent < -kLargestExponent ||
      header.exponent > kLargestExponent ||
      !std::all_of(center.begin(), center.end(), [](double x) { return std::isfinite(x); })) {
    return nullptr;
  }
  return std::make_shared<const Frame>(std::move(precision), std::move(center), header.exponent);
}

// Calls section(first node, nodes) for each chunk, whose nodes lie in a row: some megabytes.
template <class Section>
bool EachChunk(size_t nodes, const AbortFlag& abort, Section section) {
  for (size_t first = 0; first < nodes; first += Graph::kChunkNodes) {
    if (IsStopped(abort)) return false;
    if (!section(static_cast<uint32_t>(first), std::min(Graph::kChunkNodes, nodes - first))) {
      return false;
    }
  }
  return true;
}

// Makes the chains of a file: what is behind each node. False when they are none: a node that is
// not there, that is behind two, or behind itself.
bool AddTwins(const Graph::View& graph, const std::vector<uint32_t>& behind) {
  const auto nodes = static_cast<uint32_t>(behind.size());
  std::vector<bool> is_twin(nodes);
  for (uint32_t node = 0; node < nodes; ++node) {
    const uint32_t next = Graph::NodeOf(behind[node]);
    if (next == node) continue;
    if (next >= nodes || is_twin[next]) return false;
    is_twin[next] = true;
  }
  // Each node is behind at most one: what no head leads to is a circle.
  size_t reached = 0;
  for (uint32_t head = 0; head < nodes; ++head) {
    if (is_twin[head]) continue;
    ++reached;
    for (uint32_t node = head; Graph::NodeOf(behind[node]) != node; ++reached) {
      node = Graph::NodeOf(behind[node]);
      graph.AddTwin(head, node, Graph::IsMarked(behind[node]));
    }
  }
  return reached == nodes;
}

}  // namespace

Status Index::Write(const char* path, const AbortFlag& abort) const {
  const File file(std::fopen(path, "wb"));
  if (file == nullptr) return Status::Unusable("the graph's file cannot be created");
  Writer writer(file.get());
  const Header header = {kMagic,
                         kVersion,
                         static_cast<uint32_t>(options_.dimension),
                         static_cast<uint32_t>(options_.metric),
                         static_cast<uint32_t>(options_.M),
                         static_cast<uint32_t>(options_.ef_construction),
                         static_cast<uint32_t>(graph_.format().components()),
                         static_cast<uint32_t>(graph_.link_stride()),
                         static_cast<uint32_t>(entries_ ? entries_->size() : 0),
                         nodes_,
                         reference_,
                         static_cast<uint32_t>(codes()),
                         intrinsic_dimension_.mean()};
  writer.Put(&header, sizeof header);
  if (entries_) writer.Put(entries_->data(), entries_->size() * sizeof(uint32_t));
  if (frame_) PutFrame(*frame_, &writer);
  writer.Pad();
  const Graph::View graph = graph_.view();
  const auto put = [&](auto section, size_t bytes) {
    EachChunk(nodes_, abort, [&](uint32_t first, size_t count) {
      writer.Put(section(first), count * bytes);
      return true;
    });
    writer.Pad();
  };
  put([&](uint32_t node) { return graph.Code(node); }, graph.code_bytes());
  put([&](uint32_t node) { return graph.Lower(node); }, graph.lower_bytes());
  put([&](uint32_t node) { return &graph.PointOf(node); }, sizeof(Point));
  put([&](uint32_t node) { return &graph.DetailOf(node); }, sizeof(Detail));
  put([&](uint32_t node) { return graph.Links(node); }, graph_.link_stride() * sizeof(uint32_t));
  std::vector<uint32_t> twins(std::min(nodes_, Graph::kChunkNodes));
  put(
      [&](uint32_t first) {
        for (size_t i = 0; i < std::min(twins.size(), nodes_ - first); ++i) {
          twins[i] = graph.TwinBehind(first + static_cast<uint32_t>(i));
        }
        return twins.data();
      },
      sizeof(uint32_t));
  if (IsStopped(abort)) return Status::Aborted();
  return writer.Flush() ? Status::Ok() : Status::Unusable("the graph's file cannot be written");
}

Status Index::Read(const char* path, const AbortFlag& abort) {
  const File file(std::fopen(path, "rb"));
  if (file == nullptr) return Status::Unusable("the graph's file cannot be opened");
  const Status other = Status::Unusable("the file holds another graph");
  Reader reader(file.get());
  Header header;
  if (!reader.Get(&header, sizeof header) || header.magic != kMagic || header.version != kVersion ||
      header.dimension != options_.dimension ||
      header.metric != static_cast<uint32_t>(options_.metric) || header.M != options_.M ||
      header.ef_construction != options_.ef_construction ||
      header.codes > static_cast<uint32_t>(Codes::kInt4) ||
      header.link_stride != graph_.link_stride() || header.nodes >= kMaxNodes ||
      header.entries == 0 || header.entries > header.nodes || !(header.reference > 0) ||
      !(header.intrinsic_dimension > 0) || !std::isfinite(header.intrinsic_dimension)) {
    return other;
  }
  const auto codes = static_cast<Codes>(header.codes);
  if (codes != options_.codes.value_or(codes)) return other;
  Graph read(CodeFormat(codes, options_.dimension), graph_.max_links());
  if (header.components != read.format().components()) return other;
  auto entries = std::make_shared<std::vector<uint32_t>>(header.entries);
  if (!reader.Get(entries->data(), entries->size() * sizeof(uint32_t))) return other;
  std::shared_ptr<const Frame> frame;
  if (options_.precision) {
    frame = GetFrame(options_.precision, &reader);
    if (frame == nullptr) return other;
  }
  if (!reader.Pad()) return other;
  if (Status status = read.Reserve(header.nodes); !status.ok()) return status;
  const Graph::View graph = read.view();
  const auto get = [&](auto section, size_t bytes) {
    return EachChunk(header.nodes, abort,
                     [&](uint32_t first, size_t count) {
                       return reader.Get(section(first), count * bytes);
                     }) &&
           reader.Pad();
  };
  std::vector<uint32_t> twins(header.nodes);
  const bool whole = get([&](uint32_t node) { return graph.Code(node); }, graph.code_bytes()) &&
                     get([&](uint32_t node) { return graph.Lower(node); }, graph.lower_bytes()) &&
                     get([&](uint32_t node) { return &graph.PointOf(node); }, sizeof(Point)) &&
                     get([&](uint32_t node) { return &graph.DetailOf(node); }, sizeof(Detail)) &&
                     get([&](uint32_t node) { return graph.Links(node); },
                         graph_.link_stride() * sizeof(uint32_t)) &&
                     get([&](uint32_t node) { return &twins[node]; }, sizeof(uint32_t));
  if (!whole) return IsStopped(abort) ? Status::Aborted() : other;
  if (!AddTwins(graph, twins)) return other;
  // Walks come by heads only.
  const auto exists = [&](uint32_t node) { return node < header.nodes && !graph.IsTwin(node); };
  for (uint32_t node = 0; node < header.nodes; ++node) {
    if (node % Graph::kChunkNodes == 0 && IsStopped(abort)) return Status::Aborted();
    const uint32_t* links = graph.Links(node);
    if (graph.IsTwin(node)) {
      const bool alone = std::all_of(links, links + graph_.link_stride(),
                                     [node](uint32_t link) { return link == node; });
      if (!alone) return other;
      continue;
    }
    if (!std::all_of(links, links + graph_.link_stride(), exists)) return other;
    for (size_t i = 0; i < graph_.max_links() && links[i] != node; ++i) {
      graph.Namers(links[i]).fetch_add(1);
    }
  }
  if (!std::all_of(entries->begin(), entries->end(), exists)) return other;
  std::vector<uint32_t> chosen;
  chosen.reserve(std::max(kEntries, entries->size()));
  chosen = *entries;
  Use(std::move(read));
  nodes_ = header.nodes;
  reference_ = header.reference;
  frame_ = std::move(frame);
  intrinsic_dimension_ = IntrinsicDimension(header.intrinsic_dimension, nodes_);
  chosen_ = std::move(chosen);
  entries_ = std::move(entries);
  entries_chosen_at_ = nodes_;
  numbered_at_ = nodes_;
  return Status::Ok();
}

}  // namespace skalar::hnsw
