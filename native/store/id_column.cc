#include "store/id_column.h"

#include <algorithm>
#include <utility>

namespace skalar {
namespace {

// Where each id ends in the other section; and all of them, one behind the other.
enum Section : size_t { kEnds = 4, kBytes = 5 };

}  // namespace

void IdColumn::Set(uint32_t ordinal, std::string_view id) {
  const size_t number = ordinal / kGroup;
  if (number >= groups_.size()) groups_.resize(number + 1);
  Group& group = groups_[number];
  if (group == nullptr) {
    auto made = std::make_shared<std::vector<std::string>>(kGroup);
    for (size_t i = 0; i < kGroup; ++i) {
      (*made)[i] = InFile(static_cast<uint32_t>(number * kGroup + i));
    }
    group = std::move(made);
  } else if (group.use_count() > 1) {
    group = std::make_shared<std::vector<std::string>>(*group);
  } else {
    // Makes what a copy's thread did before it let go of the group happen before this.
    const Group reference = group;
  }
  (*group)[ordinal % kGroup] = id;
}

std::string_view IdColumn::InFile(uint32_t ordinal) const {
  if (ordinal >= count_) return {};
  const auto* ends = reinterpret_cast<const uint64_t*>(file_->data(kEnds));
  const auto is_intact = [this](Section section, size_t begin, size_t size) {
    return file_->checked() || file_->Check(section, begin, size);
  };
  const size_t before = ordinal == 0 ? 0 : ordinal - 1;
  if (!is_intact(kEnds, before * sizeof *ends, 2 * sizeof *ends)) return {};
  const uint64_t begin = ordinal == 0 ? 0 : ends[ordinal - 1];
  const uint64_t end = ends[ordinal];
  if (begin > end || end > file_->bytes(kBytes) || !is_intact(kBytes, begin, end - begin)) {
    return {};
  }
  return {reinterpret_cast<const char*>(file_->data(kBytes)) + begin, end - begin};
}

bool IdColumn::Write(SectionWriter* writer, const AbortFlag& abort) const {
  const size_t count = std::max(groups_.size() * kGroup, count_);
  const auto each = [&](auto put) {
    for (size_t ordinal = 0; ordinal < count; ++ordinal) {
      if (ordinal % kGroup == 0 && IsStopped(abort)) return false;
      put(Get(static_cast<uint32_t>(ordinal)));
    }
    return true;
  };
  uint64_t end = 0;
  writer->Begin(kEnds);
  const bool all = each([&](std::string_view id) {
    end += id.size();
    writer->Put(&end, sizeof end);
  });
  if (!all) return false;
  writer->Begin(kBytes);
  return each([&](std::string_view id) { writer->Put(id.data(), id.size()); });
}

void IdColumn::Open(std::shared_ptr<const SectionFile> file) {
  count_ = file->bytes(kEnds) / sizeof(uint64_t);
  file_ = std::move(file);
}

}  // namespace skalar
