# Every target is a command of ./envol, which works the same without make.
.DEFAULT_GOAL := run

run servers lint reset shell-env requirements:
	@./envol $@

test:
	@./envol test $(ARGS)

.PHONY: run servers test lint reset shell-env requirements
