# Every target is a command of ./envol, which works the same without make.
.DEFAULT_GOAL := run

run setup lint servers shell-env requirements:
	@./envol $@

test:
	@./envol test $(ARGS)

reset:
	@./envol reset $(if $(YES),--yes)

.PHONY: run setup test lint reset servers shell-env requirements
