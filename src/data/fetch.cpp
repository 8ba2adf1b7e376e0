#include "data/fetch.hpp"

#include <cstdlib>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/folder.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/download.hpp"
#include "data/source.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr int kMostTries = 5;  ///< of one mirror, as long as each brings something

std::uint64_t size_of(const fs::path& path) {
  std::error_code absent;
  const std::uint64_t bytes = fs::file_size(path, absent);
  return absent ? 0 : bytes;
}

/// What is wrong with a file, or "" if it is the published one.
std::string difference(const fs::path& path, const PublishedFile& published) {
  const std::uint64_t bytes = size_of(path);
  if (bytes != published.bytes) {
    return fmt::format("{} bytes, expected {}", bytes, published.bytes);
  }
  Md5 md5;
  Sha256 sha256;
  std::ifstream file(path, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 20);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
    const std::string_view read(piece.data(), static_cast<std::size_t>(file.gcount()));
    md5.update(read);
    sha256.update(read);
  }
  if (file.bad()) throw FileError(fmt::format("{}: cannot read this file", path.string()));
  if (md5.hex() != published.md5) {
    return fmt::format("MD5 {}, expected {}", md5.hex(), published.md5);
  }
  if (sha256.hex() != published.sha256) {
    return fmt::format("SHA-256 {}, expected {}", sha256.hex(), published.sha256);
  }
  return "";
}

class Fetcher {
 public:
  Fetcher(const PublishedDataset& dataset, const FetchOptions& options)
      : dataset_(dataset), options_(options) {
    fs::path root = options.data_dir;
    if (root.empty()) {
      const char* environment = std::getenv("THIMBLE_DATA_DIR");
      root = environment && *environment ? fs::path(environment) : user_data_folder();
    }
    report_.folder = root / dataset.name;
    for (std::string mirror : options.mirrors.empty() ? dataset.mirrors : options.mirrors) {
      constexpr std::string_view kName = "{name}";
      if (const auto at = mirror.find(kName); at != std::string::npos) {
        mirror.replace(at, kName.size(), dataset.name);
      }
      mirrors_.push_back(mirror.ends_with('/') ? mirror : mirror + '/');
    }
    for (const PublishedFile& file : dataset.files) total_ += file.bytes;
  }

  FetchReport run() {
    make_folder(report_.folder);
    for (const PublishedFile& file : dataset_.files) {
      get(file);
      done_ += file.bytes;
    }
    return report_;
  }

 private:
  const PublishedDataset& dataset_;
  const FetchOptions& options_;
  std::vector<std::string> mirrors_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  FetchReport report_;

  void get(const PublishedFile& file) {
    const fs::path target = report_.folder / file.name;
    if (difference(target, file).empty()) {
      report_.present.push_back(file.name);
      return;
    }
    std::string failures;
    bool impostor = false;
    for (const std::string& mirror : mirrors_) {
      const std::string failure = try_mirror(mirror, file, impostor);
      if (failure.empty()) {
        report_.fetched.push_back(file.name);
        return;
      }
      failures += "\n  " + failure;
      if (options_.progress && mirror != mirrors_.back()) {
        options_.progress->message(failure + "; going on with the next mirror");
      }
    }
    refuse(file, failures, impostor);
  }

  /// Returns why the mirror did not serve, or "".
  std::string try_mirror(const std::string& mirror, const PublishedFile& file, bool& impostor) {
    try {
      get_from(mirror + file.name, file);
      return "";
    } catch (const DownloadError& error) {
      return error.what();
    } catch (const DataError& error) {
      impostor = true;
      return error.what();
    }
  }

  [[noreturn]] void refuse(const PublishedFile& file, const std::string& failures,
                           bool impostor) const {
    if (impostor) {
      throw DataError(fmt::format(
          "{}: no mirror offers the published file; nothing was kept.{}{}", file.name, failures,
          dataset_.known_impostor.empty()
              ? ""
              : fmt::format("\nA likely cause: it is {}.", dataset_.known_impostor)));
    }
    throw FileError(
        fmt::format("{}: cannot be fetched.{}\nTry again later (what has arrived is kept), name "
                    "another address with --mirror URL, or put the files into {}",
                    file.name, failures, report_.folder.string()));
  }

  /// Downloads, checks and puts in place one file.
  void get_from(const std::string& url, const PublishedFile& file) {
    const fs::path partial = report_.folder / (file.name + ".part");
    for (bool continued = size_of(partial) > 0;; continued = false) {
      try {
        download_whole(url, partial, file);
        check(url, partial, file);
        break;
      } catch (const DataError&) {
        std::error_code ignored;
        fs::remove(partial, ignored);
        // What an earlier attempt left may have been the part that is wrong.
        if (!continued) throw;
      }
    }
    std::error_code error;
    fs::rename(partial, report_.folder / file.name, error);
    if (error) {
      throw FileError(fmt::format("{}: cannot be renamed: {}", partial.string(), error.message()));
    }
  }

  static void check(const std::string& url, const fs::path& partial, const PublishedFile& file) {
    const std::string wrong = difference(partial, file);
    if (!wrong.empty()) throw DataError(fmt::format("{}: not the published file: {}", url, wrong));
  }

  /// Goes on after cut connections as long as each try brings something.
  void download_whole(const std::string& url, const fs::path& partial,
                      const PublishedFile& file) const {
    if (size_of(partial) >= file.bytes) return;  // check() tells whether it is the right one
    DownloadOptions options;
    options.connect_timeout_s = options_.connect_timeout_s;
    options.stall_timeout_s = options_.stall_timeout_s;
    options.most_bytes = file.bytes;
    options.on_progress = [&](std::uint64_t bytes) {
      if (!options_.progress) return true;
      options_.progress->update(done_ + bytes, total_, file.name);
      return !options_.progress->stop_requested();
    };
    for (int attempt = 1;; ++attempt) {
      const std::uint64_t before = size_of(partial);
      try {
        download(url, partial, options);
        return;
      } catch (const DownloadError&) {
        if (attempt == kMostTries || size_of(partial) <= before) throw;
      } catch (const Cancelled&) {
        throw Cancelled(
            fmt::format("{}: stopped; the same command continues where it was", file.name));
      }
    }
  }
};

}  // namespace

FetchReport fetch_dataset(const std::string& name, const FetchOptions& options) {
  const PublishedDataset* dataset = find_published(name);
  if (dataset) return fetch_dataset(*dataset, options);
  if (std::string_view(name).substr(0, name.find(':')) == "synthetic") {
    throw UsageError("synthetic: drawn by Thimble, there is nothing to fetch");
  }
  std::vector<std::string> known;
  for (const PublishedDataset& each : published_datasets()) known.push_back(each.name);
  throw UsageError(unknown_name("data set", name, known));
}

FetchReport fetch_dataset(const PublishedDataset& dataset, const FetchOptions& options) {
  return Fetcher(dataset, options).run();
}

}  // namespace thimble
