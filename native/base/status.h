// The outcome of a native operation. Below binding/ nothing throws: whatever can fail returns a
// Status, and binding/errors.h turns it into a JavaScript error by its code, never by its text.

#ifndef SKALAR_BASE_STATUS_H_
#define SKALAR_BASE_STATUS_H_

#include <string>
#include <utility>

namespace skalar {

class [[nodiscard]] Status {
 public:
  enum class Code {
    kOk,
    kOutOfMemory,  // the memory for rows could not be had
    kAborted,      // the caller asked to stop
    kUnusable,     // a file that cannot be written, or holds something else
  };

  Status() = default;
  static Status Ok() { return {}; }
  static Status OutOfMemory(std::string message) {
    return {Code::kOutOfMemory, std::move(message)};
  }
  static Status Unusable(std::string message) { return {Code::kUnusable, std::move(message)}; }
  static Status Aborted() { return {Code::kAborted, "aborted"}; }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code_ = Code::kOk;
  std::string message_;
};

}  // namespace skalar

#endif  // SKALAR_BASE_STATUS_H_
