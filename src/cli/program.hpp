// The thimble program: one subcommand a file, errors to exit statuses.

#pragma once

namespace thimble::cli {

/// Runs the program. Returns the exit status: 0, 1 (failed) or 2 (usage).
int run(int argc, char** argv);

}  // namespace thimble::cli
