// SPDX-FileCopyrightText: The proa authors
// SPDX-License-Identifier: Apache-2.0
//
// What systemd would send, as libdbus writes it.  The only file that includes libdbus.
#pragma once

#include <dbus/dbus.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace libdbus {

using Reference = std::unique_ptr<DBusMessage, decltype(&dbus_message_unref)>;

inline std::string written(Reference const& message) {
  dbus_message_set_serial(message.get(), 7);
  char* bytes = nullptr;
  int size = 0;
  if (dbus_message_marshal(message.get(), &bytes, &size) == 0) throw std::runtime_error("libdbus");
  std::string result(bytes, static_cast<std::size_t>(size));
  dbus_free(bytes);
  return result;
}

inline Reference signal(char const* name) {
  return {dbus_message_new_signal("/a", "b.c", name), dbus_message_unref};
}

inline std::string job_removed(char const* job, char const* result) {
  auto const message = signal("JobRemoved");
  dbus_uint32_t const id = 77;
  char const* const unit = "web.scope";
  dbus_message_append_args(message.get(), DBUS_TYPE_UINT32, &id, DBUS_TYPE_OBJECT_PATH, &job,
                           DBUS_TYPE_STRING, &unit, DBUS_TYPE_STRING, &result, DBUS_TYPE_INVALID);
  return written(message);
}

/// The answer to the call with that serial: a job.
inline std::string reply(dbus_uint32_t serial, char const* job) {
  Reference const message(dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_RETURN), dbus_message_unref);
  dbus_message_set_reply_serial(message.get(), serial);
  dbus_message_append_args(message.get(), DBUS_TYPE_OBJECT_PATH, &job, DBUS_TYPE_INVALID);
  return written(message);
}

inline std::string error(dbus_uint32_t serial, char const* name, char const* text) {
  Reference const message(dbus_message_new(DBUS_MESSAGE_TYPE_ERROR), dbus_message_unref);
  dbus_message_set_reply_serial(message.get(), serial);
  dbus_message_set_error_name(message.get(), name);
  dbus_message_append_args(message.get(), DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
  return written(message);
}

}  // namespace libdbus
