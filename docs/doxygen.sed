# Makes our plain comments doxygen's: the first says what the file is for, others belong to what stands below or before them.
s|^\( *\)// |\1/// |
s|\([;,{}]\)  *// |\1 /// |
# Nothing in them is a command.
:escape
s|\(///.*\)\\|\1\x01|
s|\(///.*\)@|\1\x02|
s|\(///.*\)<|\1\x03|
t escape
s|\x01|\\\\|g
s|\x02|\\@|g
s|\x03|\\<|g
s|^\( *[^ /].*\) /// |\1 ///< |
1s|^/// |/// @file\n/// |
# A specialisation in another namespace is no news to a reader, and doxygen cannot place it.
/^template <>$/,/^};$/d
