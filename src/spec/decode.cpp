// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "spec/decode.hpp"

#include <algorithm>
#include <concepts>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "spec/document.hpp"
#include "spec/fields.hpp"
#include "spec/place.hpp"
#include "spec/words.hpp"

namespace proa::spec {

// --- text to Document ---------------------------------------------------------------------------

namespace {

/// "<source>: line 3, column 7" for the character that follows `before`.
std::string located(std::string_view before, std::string const& source) {
  auto const line = 1 + std::count(before.begin(), before.end(), '\n');
  auto const column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  return fmt::format("{}: line {}, column {}", source, line, column);
}

}  // namespace

/// Takes the events of nlohmann's parser, which neither recurses nor builds anything itself.
class Document::Builder {
 public:
  using Json = nlohmann::json;

  Builder(Document& document, std::string_view text, std::string const& source)
      : document_(document), text_(text), source_(source) {}

  bool null() {
    add(Node::Kind::null);
    return true;
  }
  bool boolean(bool value) {
    add(Node::Kind::boolean).boolean = value;
    return true;
  }
  bool number_integer(Json::number_integer_t value) {
    add(Node::Kind::negative).negative = value;
    return true;
  }
  bool number_unsigned(Json::number_unsigned_t value) {
    add(Node::Kind::natural).natural = value;
    return true;
  }
  bool number_float(Json::number_float_t, Json::string_t const& digits) {
    add(Node::Kind::fraction).text = keep(digits);
    return true;
  }
  bool string(Json::string_t const& value) {
    add(Node::Kind::string).text = keep(value);
    return true;
  }
  bool binary(Json::binary_t const&) { return false; }  // not in JSON texts

  bool start_object(std::size_t) { return open(Node::Kind::object); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Node::Kind::array); }
  bool end_array() { return close(); }
  bool key(Json::string_t const& name) {
    key_ = keep(name);
    return true;
  }

  bool parse_error(std::size_t position, std::string const&, Json::exception const& error) {
    // `position` counts the characters read, the offending one included.
    auto const where = located(text_.substr(0, position == 0 ? 0 : position - 1), source_);
    place(where).refuse_text(clause::none, complaint(error.what()));
  }

 private:
  Node& add(Node::Kind kind) {
    if (!open_.empty()) ++document_.nodes_[open_.back()].count;
    auto& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.key = std::exchange(key_, {});
    return node;
  }

  bool open(Node::Kind kind) {
    if (open_.size() == deepest) {
      Place(source_).refuse(clause::none, "nested deeper than {} levels", deepest);
    }
    add(kind);
    open_.push_back(static_cast<std::uint32_t>(document_.nodes_.size() - 1));
    return true;
  }

  bool close() {
    auto& node = document_.nodes_[open_.back()];
    node.span = static_cast<std::uint32_t>(document_.nodes_.size() - open_.back());
    open_.pop_back();
    return true;
  }

  std::string_view keep(std::string const& text) {
    auto const at = document_.strings_.size();
    document_.strings_ += text;
    return std::string_view(document_.strings_).substr(at);
  }

  /// Where the parser stands: the containers that are open, and the name that waits for its value.
  Place place(std::string const& where) const {
    Place at(where);
    for (std::size_t level = 0; level < open_.size(); ++level) {
      auto const& container = document_.nodes_[open_[level]];
      bool const innermost = level + 1 == open_.size();
      if (container.kind == Node::Kind::array) {
        at = at / std::size_t{container.count - (innermost ? 0 : 1)};
      } else if (!innermost) {
        at = at / document_.nodes_[open_[level + 1]].key;
      } else if (!key_.empty()) {
        at = at / key_;
      }
    }
    return at;
  }

  /// nlohmann's text without its identifier, position and context, which stand before it already,
  /// and without the bytes last read, which need not be printable.
  static std::string complaint(std::string_view text) {
    if (auto const at = text.find("] "); at != std::string_view::npos) text.remove_prefix(at + 2);
    if (auto const at = text.find(" - "); at != std::string_view::npos) text.remove_prefix(at + 3);
    std::string line(text.substr(0, text.find("; last read:")));
    auto const expected = text.rfind("; expected ");
    if (line.size() < text.size() && expected != std::string_view::npos && expected > line.size()) {
      line += text.substr(expected);
    }
    if (line.size() > 200) line.resize(200);  // the digits of a number, which have no bound
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; }, '?');
    return line;
  }

  Document& document_;
  std::string_view text_;
  std::string const& source_;
  std::vector<std::uint32_t> open_;  ///< indexes of the containers around the next value
  std::string_view key_;
};

Document::Document(std::string_view text, std::string const& source) {
  constexpr std::size_t largest = std::size_t{1} << 30;  // spans stay far within 32 bits
  if (text.size() > largest) Place(source).refuse(clause::none, "longer than {} bytes", largest);
  // nlohmann takes a NUL byte for the end of the text, whatever follows it.
  if (auto const nul = text.find('\0'); nul != std::string_view::npos) {
    auto const where = located(text.substr(0, nul), source);
    Place(where).refuse(clause::none, "a NUL byte, which no JSON text contains");
  }
  strings_.reserve(text.size());
  nodes_.reserve(text.size() / 16);  // more than the values that engines write in as many bytes
  Builder builder(*this, text, source);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
}

// --- Document to values -------------------------------------------------------------------------

namespace {

template <class Integer>
constexpr char const* integer_name() {
  if constexpr (std::same_as<Integer, std::uint16_t>) return "an unsigned 16-bit integer";
  if constexpr (std::same_as<Integer, std::uint32_t>) return "an unsigned 32-bit integer";
  if constexpr (std::same_as<Integer, std::uint64_t>) return "an unsigned 64-bit integer";
  if constexpr (std::same_as<Integer, std::int32_t>) return "a 32-bit integer";
  if constexpr (std::same_as<Integer, std::int64_t>) return "a 64-bit integer";
}

/// What stands in the text, for the end of an error.
std::string described(Node const& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return node.boolean ? "true" : "false";
    case Node::Kind::negative:
      return fmt::format("{}", node.negative);
    case Node::Kind::natural:
      return fmt::format("{}", node.natural);
    case Node::Kind::fraction:
      return std::string(node.text.substr(0, 30));
    case Node::Kind::string:
      return shown(node.text);
    case Node::Kind::array:
      return "an array";
    case Node::Kind::object:
      return "an object";
  }
  return "";
}

/// The words of a set where they are few enough to be read.
template <Worded Enum>
std::string choice() {
  if (Words<Enum>::table.size() > 9) return "";
  std::string words;
  for (auto const& entry : Words<Enum>::table) {
    words += words.empty() ? ", expected one of " : ", ";
    words += entry.word;
  }
  return words;
}

/// The visitor of spec/fields.hpp that fills values from nodes.
class Reader {
 public:
  Reader(std::string const& source, char const* clause) : source_(source), clause_(clause) {}

  void clause(char const* text) { clause_ = text; }

  template <class T>
  void required(std::string_view key, T& value) {
    member(key, value, Need::required);
  }
  template <class T>
  void optional(std::string_view key, T& value) {
    member(key, value, Need::optional);
  }

  template <class T>
  void member(std::string_view key, T& value, Need need) {
    Step const step(*this, key);
    Node const* const node = find(key);
    if (node == nullptr || node->kind == Node::Kind::null) {
      if (need == Need::required) missing<T>();
      return;
    }
    if constexpr (Worded<T>) {
      // Go writes an unset word as "": absent, where it may be.
      if (need == Need::optional && node->kind == Node::Kind::string && node->text.empty()) return;
    }
    read(*node, value);
  }

  template <class T>
  void read(Node const& node, T& value) {
    if constexpr (std::same_as<T, bool>) {
      expect(node, Node::Kind::boolean, "true or false");
      value = node.boolean;
    } else if constexpr (std::same_as<T, std::string>) {
      expect(node, Node::Kind::string, "a string");
      value = whole(node.text);
    } else if constexpr (std::integral<T>) {
      value = integer<T>(node);
    } else if constexpr (Worded<T>) {
      value = worded<T>(node);
    } else if constexpr (is_optional<T>) {
      read(node, value.emplace());
    } else if constexpr (is_vector<T>) {
      elements(node, value);
    } else if constexpr (is_map<T>) {
      entries(node, value);
    } else {
      object(node, value);
    }
  }

 private:
  /// One step of the pointer, on the stack while the value below it is read.
  class Step {
   public:
    Step(Reader& reader, std::string_view key) : reader_(reader), key_(key), outer_(reader.step_) {
      reader.step_ = this;
    }
    Step(Reader& reader, std::size_t index)
        : reader_(reader), index_(index), element_(true), outer_(reader.step_) {
      reader.step_ = this;
    }
    Step(Step const&) = delete;
    Step& operator=(Step const&) = delete;
    ~Step() { reader_.step_ = outer_; }

    Place place() const {
      auto const outer = outer_ == nullptr ? Place(reader_.source_) : outer_->place();
      return element_ ? outer / index_ : outer / key_;
    }

   private:
    Reader& reader_;
    std::string_view key_;
    std::size_t index_ = 0;
    bool element_ = false;
    Step const* outer_;
  };

  Place place() const { return step_ == nullptr ? Place(source_) : step_->place(); }

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args const&... args) const {
    place().refuse(clause_, format, args...);
  }

  template <class T>
  [[noreturn]] void missing() const {
    if constexpr (Worded<T>) refuse("invalid {}: missing, but REQUIRED", Words<T>::what);
    refuse("missing, but REQUIRED");
  }

  [[noreturn]] void unexpected(Node const& node, char const* what) const {
    refuse("expected {}, got {}", what, described(node));
  }
  void expect(Node const& node, Node::Kind kind, char const* what) const {
    if (node.kind != kind) unexpected(node, what);
  }

  std::string_view whole(std::string_view text) const {
    if (text.find('\0') != std::string_view::npos) {
      refuse("expected a string without NUL characters, got {}", shown(text));
    }
    return text;
  }

  /// The member of that name of the object that is being read.
  Node const* find(std::string_view key) const {
    Node const* found = nullptr;
    Node const* node = object_ + 1;
    for (std::uint32_t left = object_->count; left > 0; --left, node += node->span) {
      if (node->key != key) continue;
      if (found != nullptr) refuse("given twice");
      found = node;
    }
    return found;
  }

  template <std::integral Integer>
  Integer integer(Node const& node) const {
    if (node.kind == Node::Kind::natural && std::in_range<Integer>(node.natural)) {
      return static_cast<Integer>(node.natural);
    }
    if (node.kind == Node::Kind::negative && std::in_range<Integer>(node.negative)) {
      return static_cast<Integer>(node.negative);
    }
    unexpected(node, integer_name<Integer>());
  }

  template <Worded Enum>
  Enum worded(Node const& node) const {
    expect(node, Node::Kind::string, "a string");
    if (auto const value = value_of<Enum>(node.text)) return *value;
    refuse("invalid {} {}{}", Words<Enum>::what, shown(node.text), choice<Enum>());
  }

  template <class T>
  void elements(Node const& node, std::vector<T>& values) {
    expect(node, Node::Kind::array, "an array");
    values.reserve(node.count);
    Node const* element = &node + 1;
    for (std::size_t index = 0; index < node.count; ++index, element += element->span) {
      Step const step(*this, index);
      read(*element, values.emplace_back());
    }
  }

  template <class T>
  void entries(Node const& node, std::map<std::string, T>& values) {
    expect(node, Node::Kind::object, "an object");
    Node const* entry = &node + 1;
    for (std::uint32_t left = node.count; left > 0; --left, entry += entry->span) {
      Step const step(*this, entry->key);
      auto const [at, added] = values.try_emplace(std::string(whole(entry->key)));
      if (!added) refuse("given twice");
      read(*entry, at->second);
    }
  }

  template <class T>
  void object(Node const& node, T& value) {
    expect(node, Node::Kind::object, "an object");
    auto const outer = std::exchange(object_, &node);
    auto const around = clause_;
    visit(*this, value);
    clause_ = around;
    object_ = outer;
  }

  std::string const& source_;
  char const* clause_;
  Node const* object_ = nullptr;
  Step const* step_ = nullptr;
};

template <class T>
T decode(std::string_view text, std::string const& source, char const* clause) {
  Document const document(text, source);
  T value;
  Reader(source, clause).read(document.root(), value);
  return value;
}

}  // namespace

Spec decode_spec(std::string_view text, std::string const& source) {
  return decode<Spec>(text, source, clause::configuration);
}

Process decode_process(std::string_view text, std::string const& source) {
  return decode<Process>(text, source, clause::process);
}

Resources decode_resources(std::string_view text, std::string const& source) {
  return decode<Resources>(text, source, clause::control_groups);
}

Record decode_record(std::string_view text, std::string const& source) {
  return decode<Record>(text, source, clause::none);
}

}  // namespace proa::spec
