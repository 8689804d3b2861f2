// Index::Saving::Write() and Index::Open(): the notes behind those of the vectors, and sections 8
// and up of a file (docs/format.md).

#include <algorithm>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "hnsw/index.h"
#include "score/whitened.h"

namespace skalar::hnsw {
namespace {

constexpr size_t kNotesAt = 64;

// One behind the other; those of the graph in the order of Graph::EachSection().
enum Section : size_t { kFrame = 7, kEntriesSection = 8, kNodeOf = 9, kGraph = 10 };
// What walks could not bear to be wrong: Open() has it checked. The rest costs recall at most,
// until it is found out.
constexpr size_t kStands = kGraph + 5;
constexpr size_t kKin = kGraph + 6;
constexpr size_t kDeaths = kGraph + 7;

struct Notes {
  uint32_t dimension;  // 0: there is no graph
  uint32_t metric;
  uint32_t M;
  uint32_t ef_construction;
  uint32_t components;
  uint32_t link_stride;
  uint32_t codes;
  float intrinsic_dimension;
  uint64_t nodes;
  uint64_t alive;
  uint64_t waiting;
  double reference;
};
static_assert(sizeof(Notes) == 64);

// The begin of a frame's section; its center follows.
struct FrameHeader {
  int32_t exponent;
  uint32_t matrix;  // Precision::digest()
};
static_assert(sizeof(FrameHeader) == 8);

void PutFrame(const Frame& frame, SectionWriter* writer) {
  const FrameHeader header = {frame.exponent(), frame.precision().digest()};
  writer->Begin(kFrame);
  writer->Put(&header, sizeof header);
  writer->Put(frame.center().data(), frame.center().size() * sizeof(double));
}

// Null when the file has none by this matrix.
std::shared_ptr<const Frame> GetFrame(std::shared_ptr<const Precision> precision,
                                      const SectionFile& file) {
  std::vector<double> center(precision->size());
  const size_t bytes = center.size() * sizeof(double);
  if (file.bytes(kFrame) != sizeof(FrameHeader) + bytes || !file.Check(kFrame)) return nullptr;
  FrameHeader header;
  std::memcpy(&header, file.data(kFrame), sizeof header);
  std::memcpy(center.data(), file.data(kFrame) + sizeof header, bytes);
  if (header.matrix != precision->digest()) return nullptr;
  return std::make_shared<const Frame>(std::move(precision), std::move(center), header.exponent);
}

}  // namespace

Index::Saving::Saving(const Index& index)
    : options_(index.options_),
      graph_(index.graph_),
      moment_{index.nodes_, index.removals_},
      reference_(index.reference_),
      intrinsic_dimension_(index.intrinsic_dimension_.mean()),
      frame_(index.frame_),
      entries_(index.entries_) {}

Index::Saving Index::Save() const { return Saving(*this); }

bool Index::Saving::Write(const VectorStore::View& vectors, SectionWriter* writer,
                          SectionNotes* notes, const AbortFlag& abort) const {
  const Graph::View graph = graph_.view();
  const size_t nodes = moment_.nodes;
  Notes found = {static_cast<uint32_t>(options_.dimension),
                 static_cast<uint32_t>(options_.metric),
                 static_cast<uint32_t>(options_.M),
                 static_cast<uint32_t>(options_.ef_construction),
                 static_cast<uint32_t>(graph_.format().components()),
                 static_cast<uint32_t>(graph_.link_stride()),
                 static_cast<uint32_t>(graph_.format().codes()),
                 intrinsic_dimension_,
                 nodes,
                 0,
                 0,
                 reference_};
  // Slots that have come meanwhile wait; whoever opens the file hears of them once more.
  std::vector<uint32_t> node_of(vectors.chunk_count() * vectors.chunk_slots(), kNone);
  for (uint32_t slot = 0; slot < node_of.size(); ++slot) {
    if (vectors.IsLive(slot)) node_of[slot] = kWaiting;
  }
  for (uint32_t node = 0; node < nodes; ++node) {
    const uint32_t slot = graph.SlotAt(node, moment_);
    if (slot == kNoSlot || slot >= node_of.size()) continue;
    node_of[slot] = node;
    ++found.alive;
  }
  found.waiting = static_cast<size_t>(std::count(node_of.begin(), node_of.end(), kWaiting));
  if (frame_) PutFrame(*frame_, writer);
  writer->Begin(kEntriesSection);
  if (entries_) writer->Put(entries_->data(), entries_->size() * sizeof(uint32_t));
  writer->Begin(kNodeOf);
  writer->Put(node_of.data(), node_of.size() * sizeof(uint32_t));
  size_t section = kGraph;
  bool stopped = false;
  graph_.EachSection([&](auto member, size_t bytes) {
    writer->Begin(section++);
    for (size_t first = 0; first < nodes && bytes > 0; first += Graph::kChunkNodes) {
      stopped = stopped || IsStopped(abort);
      if (stopped) return;
      const size_t count = std::min(Graph::kChunkNodes, nodes - first);
      const auto* elements = graph.chunk(first >> Graph::kChunkShift).*member;
      if constexpr (std::is_same_v<decltype(elements), const uint64_t*>) {
        // As if all that has died had done so before anything else.
        std::vector<uint64_t> deaths(count);
        for (uint32_t i = 0; i < count; ++i) {
          const auto node = static_cast<uint32_t>(first) + i;
          deaths[i] = graph.SlotAt(node, moment_) == kNoSlot ? 0 : kAlive;
        }
        writer->Put(deaths.data(), count * bytes);
      } else {
        writer->Put(elements, count * bytes);
      }
    }
  });
  std::memcpy(notes->data() + kNotesAt, &found, sizeof found);
  return !stopped;
}

Status Index::Open(std::shared_ptr<const SectionFile> file) {
  const Status other = Status::Unusable("the file holds no such graph");
  Notes notes;
  std::memcpy(&notes, file->notes().data() + kNotesAt, sizeof notes);
  const size_t entries = file->bytes(kEntriesSection) / sizeof(uint32_t);
  if (notes.dimension != options_.dimension ||
      notes.metric != static_cast<uint32_t>(options_.metric) || notes.M != options_.M ||
      notes.ef_construction != options_.ef_construction ||
      notes.codes > static_cast<uint32_t>(Codes::kInt4) ||
      notes.link_stride != graph_.link_stride() || notes.nodes >= kMaxNodes || entries == 0) {
    return other;
  }
  const auto codes = static_cast<Codes>(notes.codes);
  if (codes != options_.codes.value_or(codes)) return other;
  Graph graph(CodeFormat(codes, options_.dimension), graph_.max_links());
  if (notes.components != graph.format().components()) return other;
  size_t section = kGraph;
  bool fits = true;
  graph.EachSection(
      [&](auto, size_t bytes) { fits = fits && file->bytes(section++) == notes.nodes * bytes; });
  for (const size_t needed : {size_t{kEntriesSection}, size_t{kNodeOf}, kStands, kKin, kDeaths}) {
    fits = fits && file->Check(needed);
  }
  if (!fits) return other;
  std::shared_ptr<const Frame> frame;
  if (options_.precision) {
    frame = GetFrame(options_.precision, *file);
    if (frame == nullptr) return other;
  }
  const auto* node_of = reinterpret_cast<const uint32_t*>(file->data(kNodeOf));
  const auto* first_entry = reinterpret_cast<const uint32_t*>(file->data(kEntriesSection));
  std::vector<uint32_t> slots(node_of, node_of + file->bytes(kNodeOf) / sizeof(uint32_t));
  std::vector<uint32_t> chosen;
  chosen.reserve(std::max(kEntries, entries));
  chosen.assign(first_entry, first_entry + entries);
  auto shared = std::make_shared<const std::vector<uint32_t>>(chosen);
  if (Status status = graph.Map(file, kGraph, notes.nodes); !status.ok()) return status;
  Use(std::move(graph));
  nodes_ = notes.nodes;
  alive_ = notes.alive;
  waiting_ = notes.waiting;
  reference_ = notes.reference;
  frame_ = std::move(frame);
  intrinsic_dimension_ = IntrinsicDimension(notes.intrinsic_dimension, nodes_);
  chosen_ = std::move(chosen);
  entries_ = std::move(shared);
  entries_chosen_at_ = nodes_;
  numbered_at_ = nodes_;
  node_of_ = std::move(slots);
  first_waiting_ = 0;
  file_ = std::move(file);
  return Status::Ok();
}

}  // namespace skalar::hnsw
