# vmstation: reads text for a comparison
main() {
printf '%s\n' '@0123456789abcdef vmstation-content 1'
printf '%s\n' '@0123456789abcdef begin 0'
head -c 262145 /etc/motd | base64; printf '%s\n' "@0123456789abcdef end 0 $? -"
printf '%s\n' '@0123456789abcdef begin 1'
head -c 262145 '/srv/it'\''s' | base64; printf '%s\n' "@0123456789abcdef end 1 $? -"
printf '%s\n' '@0123456789abcdef done 5'
}
main </dev/null
