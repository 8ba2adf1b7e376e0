// `thimble serve`: the page and the HTTP API.

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "report/web_files.hpp"
#include "serve/access_log.hpp"
#include "serve/api.hpp"
#include "serve/http_server.hpp"
#include "serve/metrics.hpp"
#include "serve/service.hpp"

namespace thimble::cli {
namespace {

using namespace serve;

struct Arguments {
  std::vector<std::string> models;
  std::string token_file;
  std::string access_log;
  HttpOptions http;
  ServiceOptions service;
  ApiOptions api;
};

/// The signals that `thimble serve` waits for, instead of being ended by them. To be made before
/// any thread is: they inherit it.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A client or a reader of the log that has gone must not end the service.
    std::signal(SIGPIPE, SIG_IGN);
  }

  int wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }

 private:
  sigset_t set_;
};

/// A token in an argument could be read by every user of the machine.
std::string read_token(const std::string& file) {
  constexpr std::uint64_t kMaxBytes = 4096;
  const char* variable = std::getenv("THIMBLE_API_TOKEN");
  if (file.empty()) return variable == nullptr ? "" : std::string(trim(variable));
  std::string token(trim(read_file(file, kMaxBytes)));
  if (token.empty()) throw UsageError(file + ": empty, expected the token in it");
  return token;
}

void require_origins(const std::vector<std::string>& origins) {
  for (const std::string& origin : origins) {
    const std::size_t host = origin.find("://");
    const bool whole = host != std::string::npos && host + 3 < origin.size() &&
                       origin.find('/', host + 3) == std::string::npos;
    if (origin != "*" && !whole) {
      throw UsageError(
          fmt::format("--cors-origin {}: expected a scheme and host without a path, such as "
                      "https://shop.example, or * for any",
                      origin));
    }
  }
}

bool is_local(const std::string& host) {
  return host == "::1" || host == "localhost" || host.starts_with("127.");
}

/// Where a browser on this machine finds it.
std::string address(const std::string& host, std::uint16_t port) {
  if (host == "0.0.0.0") return address("127.0.0.1", port);
  if (host == "::") return address("::1", port);
  return host.find(':') == std::string::npos ? fmt::format("http://{}:{}", host, port)
                                             : fmt::format("http://[{}]:{}", host, port);
}

std::string models_text(const Service& service) {
  std::string text;
  for (const auto& model : service.models()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", model->name, model->version);
  }
  return text;
}

void announce(const Arguments& arguments, const Service& service, const std::string& url) {
  std::cerr << fmt::format(
      "Thimble {} serves {}\nOpen {} in a browser; {}/docs describes the API. Ctrl-C ends it.\n",
      program_version(), models_text(service), url, url);
  if (!report::has_web_file("app.html")) {
    std::cerr << "note: this program was built without Node.js, so its page is a plain form\n";
  }
  if (!is_local(arguments.http.host) && arguments.api.token.empty()) {
    std::cerr << fmt::format(
        "warning: it listens on {}, where other machines may ask it without a token; "
        "--token-file sets one\n",
        arguments.http.host);
  }
  // For scripts: the only line there.
  std::cout << url << std::endl;
}

void reload(Service& service, AccessLog& log) {
  try {
    log.reopen();
    service.reload();
    std::cerr << "Models read again: " << models_text(service) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "thimble: not reloaded: " << error.what() << "\n";
  }
}

/// A second signal means at once.
void end_at_next(const Signals& signals) {
  std::thread([signals] {
    int signal = signals.wait();
    while (signal == SIGHUP) signal = signals.wait();
    _exit(128 + signal);
  }).detach();
}

/// Answers until a signal asks to end.
void serve_until_signal(const Signals& signals, Service& service, HttpServer& server,
                        const Api& api, AccessLog& log) {
  std::exception_ptr failure;
  std::atomic<bool> ending{false};
  std::atomic<bool> ended{false};
  std::thread thread([&] {
    try {
      server.run();
    } catch (...) {
      failure = std::current_exception();
    }
    ended = true;
    // Wakes the wait below; once it ends for a signal, another would mean at once.
    if (!ending) kill(getpid(), SIGTERM);
  });
  int signal = signals.wait();
  for (; signal == SIGHUP; signal = signals.wait()) reload(service, log);
  ending = true;
  if (!ended) {
    const std::int64_t under_way = api.under_way();
    std::cerr << fmt::format("Ending: {} under way; once more ends at once\n",
                             under_way == 1 ? "1 request" : fmt::format("{} requests", under_way));
    end_at_next(signals);
    service.stop();
    server.stop();
    thread.join();
    std::cerr << fmt::format("Ended: {} of {} finished\n", under_way - api.under_way(), under_way);
  } else {
    thread.join();
  }
  if (failure) std::rethrow_exception(failure);
}

void run(Arguments arguments) {
  const Signals signals;
  require_origins(arguments.api.origins);
  arguments.api.token = read_token(arguments.token_file);
  // One request must fit into the queue.
  arguments.api.max_pictures = std::min(arguments.api.max_pictures, arguments.service.max_queue);
  arguments.service.limits.max_bytes = arguments.http.max_body_bytes;
  if (arguments.models.empty()) arguments.models = {"cnn"};

  Metrics metrics;
  AccessLog log(arguments.access_log);
  Service service(arguments.models, arguments.service, metrics);
  Api api(arguments.api, service, metrics);
  HttpServer server(
      arguments.http,
      [&api](HttpRequest request, Respond respond) {
        api.handle(std::move(request), std::move(respond));
      },
      metrics, log);
  announce(arguments, service, address(arguments.http.host, server.port()));
  serve_until_signal(signals, service, server, api, log);
}

void add_network_options(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--host", arguments.http.host, "The address to listen on; 0.0.0.0 or :: for all")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command.add_option("--port", arguments.http.port, "The port; 0 for any that is free")
      ->type_name("PORT")
      ->capture_default_str();
  command
      .add_option("--token-file", arguments.token_file,
                  "A file with the token that clients must send; without it "
                  "THIMBLE_API_TOKEN in the environment, without both none is asked for")
      ->type_name("FILE");
  command
      .add_option("--cors-origin", arguments.api.origins,
                  "Another site whose pages may ask, such as https://shop.example; may be repeated")
      ->type_name("ORIGIN")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("--access-log", arguments.access_log,
                  "Append a line of JSON for each request to this file; - for standard error")
      ->type_name("FILE");
}

void add_limit_options(CLI::App& command, Arguments& arguments) {
  const CLI::Range positive(std::size_t{1}, std::size_t{1'000'000'000});
  command
      .add_option("--threads", arguments.service.workers,
                  "Threads that decode and classify; without it one a core")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  command.add_option("--io-threads", arguments.http.threads, "Threads that talk to the clients")
      ->type_name("N")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      .add_option("--max-queue", arguments.service.max_queue,
                  "Pictures that may wait; beyond them clients are told to come back")
      ->type_name("N")
      ->check(positive)
      ->capture_default_str();
  command
      .add_option("--max-batch", arguments.service.max_batch,
                  "Pictures that a thread classifies at a time")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{4096}))
      ->capture_default_str();
  command
      .add_option("--max-body", arguments.http.max_body_bytes,
                  "Bytes that one request may bring: 500000, 32MB")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(true))
      ->check(positive)
      ->capture_default_str();
  command
      .add_option("--max-pixels", arguments.service.limits.max_pixels,
                  "Height times width that a picture may have")
      ->type_name("N")
      ->check(positive)
      ->capture_default_str();
}

}  // namespace

void add_serve_command(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program.add_subcommand("serve", "Serve models: a page for people, an HTTP API for programs");
  command
      ->add_option("models", arguments->models,
                   "Run folders, model files or names of models that ship with Thimble; NAME=PATH "
                   "serves one under another name. The first answers where a client names none; "
                   "without any, the model that ships")
      ->type_name("MODEL");
  add_network_options(*command, *arguments);
  add_limit_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  thimble serve                                          the model that ships\n"
      "  thimble serve runs/cnn-fashion-mnist old=runs/before   two, to compare\n"
      "  thimble serve --host 0.0.0.0 --token-file /etc/thimble/token\n"
      "  curl --data-binary @shoe.jpg http://127.0.0.1:8080/v1/classify\n"
      "\n"
      "SIGHUP reads the models again and reopens the access log; SIGTERM ends it when the "
      "requests\n"
      "under way are answered. TLS: docs/http-api.md.");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace thimble::cli
