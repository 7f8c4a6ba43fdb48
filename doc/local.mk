# What is read, and what of it runs: the examples are built the way a user builds them, against the library in this tree.
dist_doc_DATA += README.md doc/architecture.md doc/format.md doc/limits.md doc/query.md doc/relationships.md
EXTRA_DIST += README doc/examples/tour.c doc/examples/world.c doc/examples.sh doc/check-examples.sh
EXTRA_DIST += doc/check-relationships.sh doc/snippets.awk
TESTS += doc/check-examples.sh doc/check-relationships.sh

kx_example_env = PKG_CONFIG_PATH=$(abs_top_builddir):$$PKG_CONFIG_PATH

# The main job: the world in a store. The store stays in the build folder, to be looked at.
demo: all
	@$(kx_example_env); export PKG_CONFIG_PATH; \
	  $(CC) -O2 $(top_srcdir)/doc/examples/world.c -o world-demo $$($(PKG_CONFIG) --cflags --libs lmdbkenobix)
	@rm -f world.kx world.kx-lock
	@./world-demo world.kx
	@echo; echo 'Look further, in $(abs_builddir):'
	@echo '  tools/kx-inspect info world.kx'
	@echo '  tools/kx-inspect schema world.kx subdivisions'
	@echo '  tools/kx-inspect find world.kx subdivisions "alpha_2 == '"'IT'"' and parent is null" --order-by name'
	@echo '  tools/kx-inspect get world.kx countries alpha_2=NO'
	@echo '  tools/kx-inspect count world.kx languages "type == '"'E'"'"'
	@echo '  tools/kx-inspect dump world.kx | head -n 3'
CLEANFILES += world-demo world.kx world.kx-lock
