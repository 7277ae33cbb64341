# Every target is a command of ./envol, which works the same without make.
.DEFAULT_GOAL := run

run setup lint servers shell-env requirements:
	@./envol $@

test:
	@./envol test $(ARGS)

test-kill:
	@ENVOL_KILL_PEOPLE=100000 ENVOL_KILL_COUNT=1000 ENVOL_FAILOVER_EXAMPLES=300 ENVOL_FAILOVER_STEPS=25 \
		./envol test tests/kill tests/delivery/test_failover_machine.py $(ARGS)

reset:
	@./envol reset $(if $(YES),--yes)

.PHONY: run setup test test-kill lint reset servers shell-env requirements
