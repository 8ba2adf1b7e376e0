// The kinds of failure a caller can tell apart. A message names the thing, the place, what was
// found and what was wanted: "train.csv, line 4812: 783 values, expected 784 after the label".

#pragma once

#include <stdexcept>
#include <string>

namespace thimble {

/// Any failure Thimble reports on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The content of a data set, picture, recipe or model file is not usable.
class DataError : public Error {
 public:
  using Error::Error;
};

/// Two shapes that must agree do not.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A file or folder cannot be read or written (missing, no permission, disk full).
class FileError : public Error {
 public:
  using Error::Error;
};

/// The caller asked for something that does not exist or does not make sense; exit status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// Work ended early because the user asked for it (Ctrl-C, SIGTERM).
class Cancelled : public Error {
 public:
  using Error::Error;
};

}  // namespace thimble
