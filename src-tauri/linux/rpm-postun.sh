# The bundler lists files only, so rpm leaves the folder of the licences behind. $1 is how many versions stay.
if [ "$1" -eq 0 ]; then
  rmdir /usr/share/licenses/fanlight 2>/dev/null || :
fi
