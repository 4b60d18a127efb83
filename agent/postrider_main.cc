#include "postrider/agent/command_line/command_line.h"

int main(int argc, char** argv) { return postrider::agent::run_command_line(argc, argv); }
