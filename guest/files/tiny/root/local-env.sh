# Puts what an overlay brought in /usr/local on the paths: . /root/local-env.sh
export PATH=/usr/local/sbin:/usr/local/bin:${PATH:-/usr/sbin:/usr/bin}
export LD_LIBRARY_PATH=/usr/local/lib:/usr/local/lib/riscv64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
