// The outcome of a native operation. Below binding/ nothing is thrown or caught but what the
// standard library throws where it is refused memory: whatever else can fail returns a Status, and
// binding/errors.h turns it into a JavaScript error by its code, never by its text.

#ifndef SKALAR_BASE_STATUS_H_
#define SKALAR_BASE_STATUS_H_

namespace skalar {

// Takes no memory itself: it also tells that there is none.
class [[nodiscard]] Status {
 public:
  enum class Code {
    kOk,
    kOutOfMemory,  // memory or threads could not be had
    kAborted,      // the caller asked to stop
    kUnusable,     // a file that cannot be written, or holds something else
  };

  // Messages are literals.
  Status() = default;
  static Status Ok() { return {}; }
  static Status OutOfMemory(const char* message) { return {Code::kOutOfMemory, message}; }
  static Status Unusable(const char* message) { return {Code::kUnusable, message}; }
  static Status Aborted() { return {Code::kAborted, "aborted"}; }

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const char* message() const { return message_; }

 private:
  Status(Code code, const char* message) : code_(code), message_(message) {}

  Code code_ = Code::kOk;
  const char* message_ = "";
};

}  // namespace skalar

#endif  // SKALAR_BASE_STATUS_H_
