// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0

#include "cgroup/dbus.hpp"

#include <bit>
#include <cstring>

#include "base/error.hpp"

namespace proa::cgroup::dbus {

namespace {

constexpr char byte_order = std::endian::native == std::endian::little ? 'l' : 'B';
constexpr char protocol_version = 1;
constexpr std::size_t fixed_header = 16;  // up to the end of the header fields' length
constexpr std::size_t most_bytes = 128 << 20;
constexpr int most_nesting = 32;

enum Field : std::uint8_t {
  path = 1,
  interface = 2,
  member = 3,
  error_name = 4,
  reply_serial = 5,
  destination = 6,
  signature = 8,
};

struct Basic {
  char type;
  std::size_t size;  // of the number, or of the length of a text
};
constexpr Basic basics[] = {{'y', 1}, {'b', 4}, {'n', 2}, {'q', 2}, {'i', 4}, {'u', 4}, {'x', 8},
                            {'t', 8}, {'d', 8}, {'h', 4}, {'s', 4}, {'o', 4}, {'g', 1}};

std::size_t size_of(char type) {
  for (auto const& each : basics) {
    if (each.type == type) return each.size;
  }
  return 0;
}

std::size_t alignment_of(char type) {
  if (auto const size = size_of(type)) return size;
  return type == 'a' ? 4 : type == 'v' ? 1 : 8;
}

std::size_t padded(std::size_t size, std::size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

// --- writing ------------------------------------------------------------------------------------

class Writer {
 public:
  void put(Value const& value) {
    align(alignment_of(value.type.front()));
    std::visit([&](auto const& content) { put(value.type, content); }, value.content);
  }

  void align(std::size_t alignment) { bytes_.resize(padded(bytes_.size(), alignment), '\0'); }
  std::string take() { return std::move(bytes_); }

 private:
  void put(std::string const& type, std::uint64_t number) {
    // The low bytes of the number, which are its last ones on a big-endian machine.
    auto const size = size_of(type.front());
    char raw[sizeof number];
    std::memcpy(raw, &number, sizeof raw);
    bytes_.append(byte_order == 'l' ? raw : raw + sizeof raw - size, size);
  }
  void put(std::string const&, double number) { put("t", std::bit_cast<std::uint64_t>(number)); }
  void put(std::string const& type, std::string const& text) {
    put(type == "g" ? "y" : "u", std::uint64_t{text.size()});
    bytes_.append(text.c_str(), text.size() + 1);
  }
  void put(std::string const& type, Values const& values) {
    if (type.front() == 'v') put("g", values.at(0).type);
    if (type.front() != 'a') {
      for (auto const& each : values) put(each);
      return;
    }
    // The padding before the first element does not count, and is there also without one.
    auto const length_at = bytes_.size();
    put("u", std::uint64_t{0});
    align(alignment_of(type[1]));
    auto const begin = bytes_.size();
    for (auto const& each : values) put(each);
    auto const length = static_cast<std::uint32_t>(bytes_.size() - begin);
    std::memcpy(bytes_.data() + length_at, &length, sizeof length);
  }

  std::string bytes_;
};

Value field(Field code, std::string type, std::string text) {
  return structure({{"y", std::uint64_t{code}}, variant({std::move(type), std::move(text)})});
}

std::string signature_of(Values const& values) {
  std::string result;
  for (auto const& each : values) result += each.type;
  return result;
}

Values header_fields(Call const& call) {
  Values fields{field(path, "o", call.path), field(interface, "s", call.interface),
                field(member, "s", call.member)};
  if (!call.destination.empty()) fields.push_back(field(destination, "s", call.destination));
  if (!call.arguments.empty()) {
    fields.push_back(field(signature, "g", signature_of(call.arguments)));
  }
  return fields;
}

// --- reading ------------------------------------------------------------------------------------

[[noreturn]] void fail_garbled() { fail(ErrorKind::failed, "a D-Bus message that makes no sense"); }

class Reader {
 public:
  explicit Reader(std::string_view bytes, std::size_t at = 0) : bytes_(bytes), at_(at) {}

  bool at_end() const { return at_ >= bytes_.size(); }
  void align(std::size_t alignment) { at_ = padded(at_, alignment); }

  std::uint64_t number(char type) {
    auto const size = size_of(type);
    align(size);
    auto const raw = take(size);
    std::uint64_t value = 0;
    char bytes[sizeof value] = {};
    raw.copy(byte_order == 'l' ? bytes : bytes + sizeof bytes - size, size);
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }
  std::string text(char type) {
    auto const size = number(type == 'g' ? 'y' : 'u');
    auto const found = take(size);
    if (take(1) != std::string_view("\0", 1)) fail_garbled();
    return std::string(found);
  }

 private:
  std::string_view take(std::size_t size) {
    if (at_ > bytes_.size() || size > bytes_.size() - at_) fail_garbled();
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

  std::string_view bytes_;
  std::size_t at_;
};

bool is_text(char type) { return type == 's' || type == 'o' || type == 'g'; }

struct Sizes {
  std::size_t fields;  // of the array of header fields
  std::size_t body;
  std::size_t header() const { return padded(fixed_header + fields, 8); }
};

Sizes sizes_of(std::string_view bytes) {
  Sizes const sizes{Reader(bytes, 12).number('u'), Reader(bytes, 4).number('u')};
  if (bytes[0] != byte_order || bytes[3] != protocol_version || sizes.fields > most_bytes ||
      sizes.body > most_bytes) {
    fail_garbled();
  }
  return sizes;
}

/// One header field of those that are of interest; each is a variant of a basic type.
void take_field(Reader& reader, Message& message) {
  auto const code = reader.number('y');
  auto const type = reader.text('g');
  if (type.size() != 1 || size_of(type.front()) == 0) fail_garbled();
  if (!is_text(type.front())) {
    auto const number = reader.number(type.front());
    if (code == reply_serial) message.reply_serial = static_cast<std::uint32_t>(number);
    return;
  }
  auto text = reader.text(type.front());
  if (code == member)
    message.member = std::move(text);
  else if (code == error_name)
    message.error_name = std::move(text);
  else if (code == signature)
    message.signature = std::move(text);
}

std::optional<std::size_t> complete_type(std::string_view signature, int depth) {
  if (signature.empty() || depth > most_nesting) return std::nullopt;
  auto const first = signature.front();
  if (first == 'v' || size_of(first) != 0) return 1;
  if (first == 'a') {
    auto const element = complete_type(signature.substr(1), depth + 1);
    return element ? std::optional(*element + 1) : std::nullopt;
  }
  if (first != '(' && first != '{') return std::nullopt;
  auto const closing = first == '(' ? ')' : '}';
  std::size_t at = 1;
  for (; at < signature.size() && signature[at] != closing;) {
    auto const part = complete_type(signature.substr(at), depth + 1);
    if (!part) return std::nullopt;
    at += *part;
  }
  return at > 1 && at < signature.size() ? std::optional(at + 1) : std::nullopt;
}

}  // namespace

Value boolean(bool value) { return {"b", std::uint64_t{value}}; }
Value uint32(std::uint32_t value) { return {"u", std::uint64_t{value}}; }
Value uint64(std::uint64_t value) { return {"t", value}; }
Value string(std::string value) { return {"s", std::move(value)}; }

Value byte_array(std::vector<std::uint8_t> const& bytes) {
  Values values;
  for (auto const byte : bytes) values.push_back({"y", std::uint64_t{byte}});
  return array("y", std::move(values));
}

Value string_array(std::vector<std::string> const& texts) {
  Values values;
  for (auto const& text : texts) values.push_back(string(text));
  return array("s", std::move(values));
}

Value array(std::string const& element, Values values) {
  return {"a" + element, std::move(values)};
}

Value structure(Values values) {
  auto type = "(" + signature_of(values) + ")";
  return {std::move(type), std::move(values)};
}

Value variant(Value value) { return {"v", Values{std::move(value)}}; }

std::string marshal(Call const& call, std::uint32_t serial) {
  Writer body;
  for (auto const& each : call.arguments) body.put(each);
  auto const text = body.take();
  Writer header;
  for (char const byte : {byte_order, static_cast<char>(Kind::call), '\0', protocol_version}) {
    header.put({"y", static_cast<std::uint64_t>(byte)});
  }
  header.put(uint32(static_cast<std::uint32_t>(text.size())));
  header.put(uint32(serial));
  header.put(array("(yv)", header_fields(call)));
  header.align(8);
  return header.take() + text;
}

std::vector<std::string> Message::texts() const {
  std::vector<std::string> result;
  Reader reader(body);
  for (char const type : signature) {
    if (type == 'u') {
      result.push_back(std::to_string(reader.number('u')));
    } else if (is_text(type)) {
      result.push_back(reader.text(type));
    } else {
      break;
    }
  }
  return result;
}

std::size_t message_size(std::string_view bytes) {
  if (bytes.size() < fixed_header) return 0;
  auto const sizes = sizes_of(bytes);
  return sizes.header() + sizes.body;
}

Message parse(std::string_view bytes) {
  if (message_size(bytes) != bytes.size()) fail_garbled();
  auto const sizes = sizes_of(bytes);
  Message message;
  message.kind = static_cast<Kind>(bytes[1]);
  Reader fields(bytes.substr(0, fixed_header + sizes.fields), fixed_header);
  while (!fields.at_end()) {
    fields.align(8);
    take_field(fields, message);
  }
  message.body = bytes.substr(sizes.header());
  return message;
}

std::optional<std::size_t> complete_type(std::string_view signature) {
  return complete_type(signature, 0);
}

}  // namespace proa::cgroup::dbus
