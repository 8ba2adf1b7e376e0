#include "cli/program.hpp"

int main(int argc, char** argv) { return thimble::cli::run(argc, argv); }
