/*
 * test_fork.c -- a child knows that it is one.
 */
#include "base/base.h"

#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

START_TEST(a_child_differs_and_its_child_differs_again)
{
    unsigned here = kx_base__fork_count();
    ck_assert_uint_eq(kx_base__fork_count(), here);
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        unsigned there = kx_base__fork_count();
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(kx_base__fork_count() != there && kx_base__fork_count() != here ? 0 : 1);
        _exit(there != here && waitpid(grandchild, &status, 0) == grandchild && status == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(kx_base__fork_count(), here);
}
END_TEST

static Suite *fork_suite(void)
{
    Suite *suite = suite_create("base/fork");
    TCase *cases = tcase_create("fork");
    tcase_add_test(cases, a_child_differs_and_its_child_differs_again);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return kxt_run(fork_suite());
}
