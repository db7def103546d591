#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# strip-ko.pl FILE: takes the unused local symbols out of a 64-bit little-endian kernel module, in place. RISC-V modules
# have hundreds of thousands of them (labels that relocations were once made with): three quarters of the file, all
# read, checked and sorted by the kernel that loads it. The signature at the end no longer fits, so it goes as well.
# Does what riscv64-linux-gnu-strip --strip-unneeded does, on hosts that have no binutils for riscv64.
use strict;
use warnings;

my ($SYMTAB, $RELA, $NOBITS, $GROUP) = (2, 4, 8, 17);
my $file = shift or die "usage: strip-ko.pl FILE\n";
open my $in, '<:raw', $file or die "$file: $!\n";
local $/;
my $elf = <$in>;
close $in;
die "$file: no 64-bit little-endian ELF\n" unless substr($elf, 0, 6) eq "\x7fELF\x02\x01";

# the section headers
my ($shoff, $shentsize, $shnum) = (unpack('Q<', substr($elf, 40, 8)), unpack('v2', substr($elf, 58, 4)));
my @names = qw(name type flags addr offset size link info align entsize);
my @sections;
for my $i (0 .. $shnum - 1) {
    my %s;
    @s{@names} = unpack('V2 Q<4 V2 Q<2', substr($elf, $shoff + $i * $shentsize, 64));
    $s{data} = $s{type} == $NOBITS ? '' : substr($elf, $s{offset}, $s{size});
    push @sections, \%s;
}
my ($symtab) = grep { $_->{type} == $SYMTAB } @sections or exit 0;
my $strtab = $sections[$symtab->{link}];

# symbols to keep: the first, the global ones, those that relocations and groups name, the local functions
my %used = (0 => 1);
for my $s (@sections) {
    if ($s->{type} == $RELA) {
        $used{$_} = 1 for unpack('(x12 V x8)*', $s->{data});
    } elsif ($s->{type} == $GROUP) {
        $used{$s->{info}} = 1;
    }
}
my ($symbols, $strings, $count, $locals, @new, %string) = ('', "\0", 0, 0);
for my $i (0 .. length($symtab->{data}) / 24 - 1) {
    my ($name, $info, $rest) = unpack('V C a19', substr($symtab->{data}, $i * 24, 24));
    my ($bind, $kind) = ($info >> 4, $info & 15);
    next unless $used{$i} || $bind != 0 || $kind == 2;
    my $text = unpack('Z*', substr($strtab->{data}, $name, 256));
    $text = '' if $bind == 0 && $kind == 0;
    if ($text ne '' && !exists $string{$text}) {
        $string{$text} = length $strings;
        $strings .= "$text\0";
    }
    $symbols .= pack('V C a19', $text eq '' ? 0 : $string{$text}, $info, $rest);
    $new[$i] = $count++;
    $locals = $count if $bind == 0;
}
$symtab->{data} = $symbols;
$symtab->{info} = $locals;
$strtab->{data} = $strings;
for my $s (@sections) {
    if ($s->{type} == $RELA) {
        my @words = unpack('(Q< V V Q<)*', $s->{data});
        for (my $i = 2; $i < @words; $i += 4) { $words[$i] = $new[$words[$i]] }
        $s->{data} = pack('(Q< V V Q<)*', @words);
    } elsif ($s->{type} == $GROUP) {
        $s->{info} = $new[$s->{info}];
    }
}

# the file again: header, sections in their order, section headers
my $out = substr($elf, 0, 64);
for my $s (@sections[1 .. $#sections]) {
    my $align = $s->{align} || 1;
    $out .= "\0" x (-length($out) % $align);
    $s->{offset} = length $out;
    $s->{size} = length $s->{data} unless $s->{type} == $NOBITS;
    $out .= $s->{data};
}
$out .= "\0" x (-length($out) % 8);
substr($out, 40, 8) = pack('Q<', length $out);
$out .= pack('V2 Q<4 V2 Q<2', @{$_}{@names}) for @sections;
open my $to, '>:raw', $file or die "$file: $!\n";
print $to $out or die "$file: $!\n";
close $to or die "$file: $!\n";
