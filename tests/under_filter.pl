#!/usr/bin/env perl
# under_filter.pl UNIT COMMAND...: runs the command with the system calls that the unit's SystemCallFilter lines leave it,
# each other one being refused with EPERM, or, without SystemCallErrorNumber, killing it, as systemd does. x86-64.
use strict;
use warnings;

my ($unit, @command) = @ARGV;

sub lines_of {
    my ($path) = @_;
    open(my $in, '<', $path) or return ();
    return <$in>;
}

# By the name of a set, what it holds: calls, and other sets.
my (%sets, $set);
for (qx(systemd-analyze syscall-filter --no-pager 2>/dev/null)) {
    $set = $1 if /^(@[\w-]+)$/;
    push @{$sets{$set}}, $1 if /^\s+([\w@-]+)\s*$/;
}

sub expand {
    my ($name) = @_;
    return $name =~ /^@/ ? map { expand($_) } @{$sets{$name} // []} : $name;
}

my (%allowed, $is_refused);
for (lines_of($unit)) {
    $is_refused = 1 if /^SystemCallErrorNumber=EPERM$/;
    next if !/^SystemCallFilter=(~?)(.*)$/;
    my $is_denial = $1;
    for my $call (map { expand($_) } split ' ', $2) {
        $is_denial ? delete $allowed{$call} : ($allowed{$call} = 1);
    }
}
die "$unit filters nothing\n" if !%allowed;

my %number = map { /^#define __NR_(\w+)\s+(\d+)/ ? ($1 => $2) : () } map { lines_of($_) }
    glob('/usr/include/*/asm/unistd_64.h /usr/include/asm/unistd_64.h');
die "no numbers of system calls: linux-libc-dev is missing\n" if !%number;

# Of the classic BPF: code, where to go on if true and if false, operand (linux/filter.h, linux/seccomp.h).
sub statement { return pack('SCCL', @_) }
my $program = statement(0x20, 0, 0, 0);    # the call's number
for my $call (sort keys %allowed) {
    next if !defined $number{$call};
    $program .= statement(0x15, 0, 1, $number{$call}) . statement(0x06, 0, 0, 0x7fff0000);    # is allowed
}
$program .= statement(0x06, 0, 0, $is_refused ? 0x00050001 : 0x80000000);
my $filter = pack('SxxxxxxP', length($program) / 8, $program);
my ($prctl, $set_no_new_privs, $set_seccomp, $by_filter) = (157, 38, 22, 2);
syscall($prctl, $set_no_new_privs, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
syscall($prctl, $set_seccomp, $by_filter, $filter, 0, 0) == 0 or die "seccomp: $!";
exec(@command) or die "$command[0]: $!";
