# Every target is a command of ./envol, which works the same without make.
.DEFAULT_GOAL := run

run setup lint servers shell-env requirements:
	@./envol $@

test:
	@./envol test $(ARGS)

test-kill:
	@ENVOL_KILL_PEOPLE=100000 ENVOL_KILL_COUNT=1000 ./envol test tests/kill $(ARGS)

reset:
	@./envol reset $(if $(YES),--yes)

.PHONY: run setup test test-kill lint reset servers shell-env requirements
